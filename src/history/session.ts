import { Buffer } from 'node:buffer'
import { CHALLENGE_WINDOW_MS, type Challenges, type Session } from '../model.ts'
import { firstMsOf, lastMsOf, type Sightings } from './sightings.ts'

export interface ChallengeDelta {
  readonly kind: 'challenged'
  readonly atMs: number
  /** `iat` of the token that was challenged, in seconds. */
  readonly issuedAt: number
  /** From now on a login counts as the answer. */
  readonly marks: boolean
}

export type SessionDelta = (Sightings & { readonly device: string | undefined }) | ChallengeDelta

/**
 * Version 1, first seen 6, last seen 6, challenged 6, seen 4, device 6, number of challenges 1, the first of them 6, the
 * last 6: 42 bytes, 56 characters.
 */
const VERSION = 1
const FIRST = 1
const LAST = 7
const CHALLENGED = 13
const SEEN = 19
const DEVICE = 23
const COUNT = 29
const COUNT_SINCE = 30
const COUNT_LAST = 36
const SIZE = 42
const TIME_BYTES = 6
const DEVICE_BYTES = 6
const MAX_SEEN = 0xffff_ffff
const MAX_COUNT = 0xff

/** Applies deltas to what stands in the store; pure, so that the store may ask for it again. */
export function mergeSession(current: Session | undefined, deltas: readonly SessionDelta[]): Session {
  let { firstSeenMs, lastSeenMs, seen, device, challengedAtMs, challenges } = current ?? NEVER_SEEN
  for (const delta of deltas) {
    firstSeenMs = Math.min(firstSeenMs, firstMsOf(delta))
    lastSeenMs = Math.max(lastSeenMs, lastMsOf(delta))
    if (delta.kind === 'seen') {
      seen += delta.count
      device = delta.device ?? device
    } else {
      challenges = withChallenge(challenges, delta)
      if (delta.marks) challengedAtMs = Math.max(challengedAtMs ?? 0, delta.atMs)
    }
  }
  return {
    firstSeenMs,
    lastSeenMs,
    seen,
    ...(challengedAtMs === undefined ? {} : { challengedAtMs }),
    ...(challenges === undefined ? {} : { challenges }),
    ...(device === undefined ? {} : { device }),
  }
}

const NEVER_SEEN: Session = { firstSeenMs: Number.POSITIVE_INFINITY, lastSeenMs: 0, seen: 0 }

/**
 * One more challenge counts when its token is newer than the last one that counted: then somebody has been back at the
 * issuer. The many requests of one page with one token are one. The same object: nothing has changed.
 */
export function withChallenge(
  before: Challenges | undefined,
  { atMs, issuedAt }: Pick<ChallengeDelta, 'atMs' | 'issuedAt'>,
): Challenges {
  if (before === undefined || atMs - before.sinceMs >= CHALLENGE_WINDOW_MS) {
    return { count: 1, sinceMs: atMs, lastMs: atMs }
  }
  if (issuedAt * 1000 <= before.lastMs) return before
  return { count: Math.min(before.count + 1, MAX_COUNT), sinceMs: before.sinceMs, lastMs: atMs }
}

/** Packed in base64url: 56 characters. Zero stands for no challenge and for no device. */
export function encodeSession(session: Session): string {
  const bytes = Buffer.alloc(SIZE)
  bytes.writeUInt8(VERSION, 0)
  bytes.writeUIntBE(Math.floor(session.firstSeenMs), FIRST, TIME_BYTES)
  bytes.writeUIntBE(Math.floor(session.lastSeenMs), LAST, TIME_BYTES)
  bytes.writeUIntBE(Math.floor(session.challengedAtMs ?? 0), CHALLENGED, TIME_BYTES)
  bytes.writeUInt32BE(Math.min(session.seen, MAX_SEEN), SEEN)
  if (session.device !== undefined) bytes.write(session.device, DEVICE, DEVICE_BYTES, 'base64url')
  const { count, sinceMs, lastMs } = session.challenges ?? { count: 0, sinceMs: 0, lastMs: 0 }
  bytes.writeUInt8(count, COUNT)
  bytes.writeUIntBE(Math.floor(sinceMs), COUNT_SINCE, TIME_BYTES)
  bytes.writeUIntBE(Math.floor(lastMs), COUNT_LAST, TIME_BYTES)
  return bytes.toString('base64url')
}

/** The session, or undefined when it is of another version or broken. */
export function decodeSession(text: string): Session | undefined {
  const bytes = Buffer.from(text, 'base64url')
  if (bytes.length !== SIZE || bytes[0] !== VERSION) return undefined
  const challengedAtMs = bytes.readUIntBE(CHALLENGED, TIME_BYTES)
  const hasDevice = bytes.readUIntBE(DEVICE, DEVICE_BYTES) !== 0
  const count = bytes.readUInt8(COUNT)
  const challenges = {
    count,
    sinceMs: bytes.readUIntBE(COUNT_SINCE, TIME_BYTES),
    lastMs: bytes.readUIntBE(COUNT_LAST, TIME_BYTES),
  }
  return {
    firstSeenMs: bytes.readUIntBE(FIRST, TIME_BYTES),
    lastSeenMs: bytes.readUIntBE(LAST, TIME_BYTES),
    seen: bytes.readUInt32BE(SEEN),
    ...(challengedAtMs === 0 ? {} : { challengedAtMs }),
    ...(count === 0 ? {} : { challenges }),
    ...(hasDevice ? { device: bytes.toString('base64url', DEVICE, DEVICE + DEVICE_BYTES) } : {}),
  }
}
