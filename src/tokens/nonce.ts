import { Buffer } from 'node:buffer'
import { createHmac, timingSafeEqual } from 'node:crypto'
import { NONCE_LIFE_MS } from '../identity/contract.ts'
import type { Entropy, InstanceKeys } from '../ports.ts'

const TIME_BYTES = 6
const RANDOM_BYTES = 10
const MAC_BYTES = 16
const BODY_BYTES = TIME_BYTES + RANDOM_BYTES
/** A replica with a clock that runs ahead may have issued it. */
const FUTURE_LEEWAY_MS = 5_000
const NONCE = /^[A-Za-z0-9_-]{43}$/

/** Stateless server nonces for DPoP proofs (RFC 9449 section 9), valid in every replica that has the keys. */
export interface Nonces {
  /** 43 characters of base64url, which are all NQCHAR (RFC 9449 section 8.1). */
  issue(jkt: string, atMs: number): string
  /** Age in milliseconds of a nonce that was issued here for this key and still lives, else undefined. */
  age(nonce: string, jkt: string, atMs: number): number | undefined
}

/**
 * A nonce is its time of issue, random bytes, and a MAC over both and the thumbprint of the key it is for. It needs
 * no state: it cannot be guessed, it ages out by itself, and a nonce of one client is worth nothing to another.
 * @param keys the first signs and verifies, the others only verify
 */
export function createNonces(keys: InstanceKeys['nonce'], entropy: Entropy): Nonces {
  const [current] = keys
  return {
    issue(jkt, atMs) {
      const nonce = Buffer.alloc(BODY_BYTES + MAC_BYTES)
      nonce.writeUIntBE(Math.max(0, Math.floor(atMs)), 0, TIME_BYTES)
      entropy(RANDOM_BYTES).copy(nonce, TIME_BYTES)
      macOf(current, nonce, jkt).copy(nonce, BODY_BYTES, 0, MAC_BYTES)
      return nonce.toString('base64url')
    },
    age(nonce, jkt, atMs) {
      if (!NONCE.test(nonce)) return undefined
      const bytes = Buffer.from(nonce, 'base64url')
      const ageMs = atMs - bytes.readUIntBE(0, TIME_BYTES)
      if (ageMs > NONCE_LIFE_MS || ageMs < -FUTURE_LEEWAY_MS) return undefined
      const mac = bytes.subarray(BODY_BYTES)
      const isOurs = keys.some((key) => timingSafeEqual(mac, macOf(key, bytes, jkt).subarray(0, MAC_BYTES)))
      return isOurs ? Math.max(0, ageMs) : undefined
    },
  }
}

function macOf(key: Buffer, nonce: Buffer, jkt: string): Buffer {
  return createHmac('sha256', key).update(nonce.subarray(0, BODY_BYTES)).update(jkt).digest()
}
