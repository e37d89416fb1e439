import { Buffer } from 'node:buffer'
import { createHmac, timingSafeEqual } from 'node:crypto'
import { HOP_LIFE_MS, type HopClaims, type HopSigner } from '../identity/contract.ts'
import type { InstanceKeys } from '../ports.ts'

/** Replicas' clocks may differ this much. */
const FUTURE_LEEWAY_MS = 1_000
/** Version, binding, decision id, time (epoch ms), MAC. */
const HOP = /^v1\.([a-z+]{1,32})\.([A-Za-z0-9-]{1,64})\.([1-9]\d{0,15})\.([A-Za-z0-9_-]{43})$/

type Expected = Parameters<HopSigner['verify']>[1]

/**
 * Signs and verifies `x-vigil-hop` with HMAC-SHA-256. The hop names only what the reader cannot know; what both sides
 * see (the token, the method, the authority) goes into the MAC alone, so a hop fits no other request.
 * @param keys the first signs and verifies, the others only verify
 */
export function createHopSigner(keys: InstanceKeys['hop']): HopSigner {
  const [current] = keys
  return {
    sign(claims) {
      const word = `v1.${claims.binding}.${claims.decisionId}.${claims.atMs}`
      return `${word}.${macOf(current, word, claims)}`
    },
    verify(hop, expected, atMs) {
      const parts = HOP.exec(hop)
      if (parts === null) return undefined
      const [, binding = '', decisionId = '', time = '', mac = ''] = parts
      const ageMs = atMs - Number(time)
      if (ageMs > HOP_LIFE_MS || ageMs < -FUTURE_LEEWAY_MS) return undefined
      const word = hop.slice(0, hop.lastIndexOf('.'))
      // The MACs are compared as text: decoding would let two spellings of one MAC pass.
      const shown = Buffer.from(mac)
      if (!keys.some((key) => timingSafeEqual(shown, Buffer.from(macOf(key, word, expected)))))
        return undefined
      return { ...expected, binding, decisionId, atMs: Number(time) } satisfies HopClaims
    },
  }
}

function macOf(key: Buffer, word: string, { tokenHash, method, authority }: Expected): string {
  const message = JSON.stringify([word, tokenHash, method, authority])
  return createHmac('sha256', key).update(message).digest('base64url')
}
