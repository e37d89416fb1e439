import { createCipheriv, createDecipheriv } from 'node:crypto'
import { promisify } from 'node:util'
import { gunzip, gzip } from 'node:zlib'
import type { Entropy } from '../ports.ts'

/** What is told of a sealed configuration without its content; authenticated as the content is. */
export interface SealedHead {
  /** When a process first put it in use, epoch ms. */
  readonly sinceMs: number
  readonly hash: string
}

/** AES-256-GCM (NIST SP 800-38D): a random 96-bit IV, the whole 128-bit tag. */
const CIPHER = 'aes-256-gcm'
const IV_BYTES = 12
const TAG_BYTES = 16
const VERSION = '1'

/** A megabyte of YAML in `vigil.yaml` and in each file of rules is taken; of what is kept nobody unpacks more than this. */
const MAX_UNPACKED_BYTES = 16 * 1024 * 1024

const packed = promisify(gzip)
const unpacked = promisify(gunzip)

/** Who opens it must know for which place it was sealed: it cannot be moved to another, nor can its head be changed. */
const boundTo = (place: string, { sinceMs, hash }: SealedHead) =>
  Buffer.from(`vigil last-good ${VERSION}\n${place}\n${sinceMs}\n${hash}`)

/**
 * One line of ASCII: `version.since.hash.content`. Packing and unpacking happen off the event loop.
 * @param key 32 bytes
 */
export async function seal(
  value: unknown,
  head: SealedHead,
  place: string,
  key: Buffer,
  entropy: Entropy,
): Promise<string> {
  const iv = entropy(IV_BYTES)
  const cipher = createCipheriv(CIPHER, key, iv, { authTagLength: TAG_BYTES })
  cipher.setAAD(boundTo(place, head))
  const content = Buffer.concat([cipher.update(await packed(JSON.stringify(value))), cipher.final()])
  const all = Buffer.concat([iv, content, cipher.getAuthTag()])
  return [VERSION, head.sinceMs, head.hash, all.toString('base64url')].join('.')
}

/** @returns undefined for anything that was not sealed with this key for this place */
export function openHead(sealed: string, place: string, key: Buffer): SealedHead | undefined {
  return openSealed(sealed, place, key)?.head
}

/** @returns the value and its head; undefined as `openHead` */
export async function open(
  sealed: string,
  place: string,
  key: Buffer,
): Promise<{ readonly head: SealedHead; readonly value: unknown } | undefined> {
  const opened = openSealed(sealed, place, key)
  if (opened === undefined) return undefined
  const text = await unpacked(opened.content, { maxOutputLength: MAX_UNPACKED_BYTES })
  return { head: opened.head, value: JSON.parse(text.toString('utf8')) }
}

const FORM = /^1\.(\d{1,15})\.([0-9a-f]{16})\.([A-Za-z0-9_-]+)$/

function openSealed(
  sealed: string,
  place: string,
  key: Buffer,
): { readonly head: SealedHead; readonly content: Buffer } | undefined {
  const [, since, hash, text] = FORM.exec(sealed) ?? []
  if (since === undefined || hash === undefined || text === undefined) return undefined
  const all = Buffer.from(text, 'base64url')
  if (all.length < IV_BYTES + TAG_BYTES) return undefined
  const head = { sinceMs: Number(since), hash }
  const decipher = createDecipheriv(CIPHER, key, all.subarray(0, IV_BYTES), { authTagLength: TAG_BYTES })
  decipher.setAAD(boundTo(place, head))
  decipher.setAuthTag(all.subarray(-TAG_BYTES))
  try {
    const content = decipher.update(all.subarray(IV_BYTES, -TAG_BYTES))
    return { head, content: Buffer.concat([content, decipher.final()]) }
  } catch {
    // The failure row: a tag that does not fit means that nobody with the key has written this, so there is nothing.
    return undefined
  }
}
