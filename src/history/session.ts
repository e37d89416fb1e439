import { Buffer } from 'node:buffer'
import type { Session } from '../model.ts'
import { latest } from './profile.ts'

export type SessionDelta =
  | { readonly kind: 'seen'; readonly atMs: number; readonly device?: string }
  | { readonly kind: 'challenged'; readonly atMs: number }

/** A session that is idle for this long is forgotten. */
export const SESSION_TTL_MS = 7 * 86_400_000

/** Version 1, first seen 6, last seen 6, challenged 6, seen 4, device 6: 29 bytes, 39 characters. */
const VERSION = 1
const FIRST = 1
const LAST = 7
const CHALLENGED = 13
const SEEN = 19
const DEVICE = 23
const SIZE = 29
const TIME_BYTES = 6
const DEVICE_BYTES = 6
const MAX_SEEN = 0xffff_ffff

/** Applies deltas to what stands in the store; pure, so that the store may ask for it again. */
export function mergeSession(current: Session | undefined, deltas: readonly SessionDelta[]): Session {
  const times = deltas.map((delta) => delta.atMs)
  const seen = deltas.filter((delta) => delta.kind === 'seen')
  const device = seen.findLast((delta) => delta.device !== undefined)?.device ?? current?.device
  const challengedAtMs = latest(
    current?.challengedAtMs,
    deltas.filter((delta) => delta.kind === 'challenged').map((delta) => delta.atMs),
  )
  return {
    firstSeenMs: Math.min(current?.firstSeenMs ?? Number.POSITIVE_INFINITY, ...times),
    lastSeenMs: Math.max(current?.lastSeenMs ?? 0, ...times),
    seen: (current?.seen ?? 0) + seen.length,
    ...(challengedAtMs === undefined ? {} : { challengedAtMs }),
    ...(device === undefined ? {} : { device }),
  }
}

/** Packed in base64url: 39 characters. Zero stands for no challenge and for no device. */
export function encodeSession(session: Session): string {
  const bytes = Buffer.alloc(SIZE)
  bytes.writeUInt8(VERSION, 0)
  bytes.writeUIntBE(Math.floor(session.firstSeenMs), FIRST, TIME_BYTES)
  bytes.writeUIntBE(Math.floor(session.lastSeenMs), LAST, TIME_BYTES)
  bytes.writeUIntBE(Math.floor(session.challengedAtMs ?? 0), CHALLENGED, TIME_BYTES)
  bytes.writeUInt32BE(Math.min(session.seen, MAX_SEEN), SEEN)
  if (session.device !== undefined) bytes.write(session.device, DEVICE, DEVICE_BYTES, 'base64url')
  return bytes.toString('base64url')
}

/** The session, or undefined when it is of another version or broken. */
export function decodeSession(text: string): Session | undefined {
  const bytes = Buffer.from(text, 'base64url')
  if (bytes.length !== SIZE || bytes[0] !== VERSION) return undefined
  const challengedAtMs = bytes.readUIntBE(CHALLENGED, TIME_BYTES)
  const hasDevice = bytes.readUIntBE(DEVICE, DEVICE_BYTES) !== 0
  return {
    firstSeenMs: bytes.readUIntBE(FIRST, TIME_BYTES),
    lastSeenMs: bytes.readUIntBE(LAST, TIME_BYTES),
    seen: bytes.readUInt32BE(SEEN),
    ...(challengedAtMs === 0 ? {} : { challengedAtMs }),
    ...(hasDevice ? { device: bytes.toString('base64url', DEVICE) } : {}),
  }
}
