import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { completeMinutes, NO_RATE } from '../../src/history/habit.ts'
import { createHistoryKeys } from '../../src/history/keys.ts'
import {
  decodeProfile,
  encodeProfile,
  MAX_PROFILE_BYTES,
  mergeProfile,
  type ProfileDelta,
} from '../../src/history/profile.ts'
import { createLocalReplay } from '../../src/history/replay.ts'
import { decodeSession, encodeSession, mergeSession } from '../../src/history/session.ts'
import { NO_HOURS, withHour } from '../../src/lib/hours.ts'
import { makeToken } from '../harness/requests.ts'

const T0 = 1_800_000_000_000
const seen = (atMs: number, device: string): ProfileDelta => ({
  kind: 'seen',
  firstMs: atMs,
  lastMs: atMs,
  count: 1,
  shown: { device },
  hourOfWeek: 84,
})

describe('profile', () => {
  test('remembers the last eight devices, newest first, and how often each was shown', () => {
    const deltas = Array.from({ length: 10 }, (_, i) => seen(T0 + i * 1000, `device-${i}`))
    const profile = mergeProfile(undefined, [...deltas, seen(T0 + 20_000, 'device-5')])
    expect(profile.features['device']?.values.map((v) => v.value)).toEqual([
      'device-5',
      'device-9',
      'device-8',
      'device-7',
      'device-6',
      'device-4',
      'device-3',
      'device-2',
    ])
    expect(profile.features['device']).toMatchObject({ shown: 11 })
    expect(profile).toMatchObject({ seen: 11, firstSeenMs: T0, lastSeenMs: T0 + 20_000 })
  })

  test('survives its encoding, is ASCII and never longer than 640 bytes', () => {
    const deltas = fc.array(fc.record({ second: fc.nat(1e6), device: fc.integer({ min: 0, max: 20 }) }), {
      minLength: 1,
      maxLength: 60,
    })
    fc.assert(
      fc.property(deltas, (list) => {
        const profile = mergeProfile(
          undefined,
          list.map(({ second, device }) => seen(T0 + second * 1000, `hash-${device}`)),
        )
        const text = encodeProfile(profile)
        expect(text).toMatch(/^[\x20-\x7e]*$/)
        expect(text.length).toBeLessThanOrEqual(MAX_PROFILE_BYTES)
        expect(decodeProfile(text)).toMatchObject({ seen: profile.seen, firstSeenMs: profile.firstSeenMs })
      }),
    )
  })

  test('holds eight values of one feature, and fewer of each where five have many', () => {
    const features = ['device', 'network', 'country', 'client', 'binding']
    const profileOf = (names: readonly string[]) =>
      mergeProfile(
        undefined,
        Array.from({ length: 8 }, (_, i) => ({
          ...seen(T0 + i * 1000, ''),
          shown: Object.fromEntries(names.map((name) => [name, `hash-${i}`])),
        })),
      )
    const kept = (names: readonly string[]) => {
      const text = encodeProfile(profileOf(names))
      expect(text.length).toBeLessThanOrEqual(MAX_PROFILE_BYTES)
      const decoded = decodeProfile(text)
      return names.map((name) => decoded?.features[name]?.values.map(({ value }) => value))
    }
    const newest = ['hash-7', 'hash-6', 'hash-5', 'hash-4', 'hash-3', 'hash-2', 'hash-1', 'hash-0']
    expect(kept(['device'])).toEqual([newest])
    expect(kept(features)).toEqual(features.map(() => newest.slice(0, 3)))
  })

  test('an hour counts once, however many requests and processes told of it', () => {
    const at = (minutes: number) => seen(T0 + minutes * 60_000, 'a')
    const one = mergeProfile(undefined, [at(0), at(10), at(20)])
    const lastHour = Math.floor(T0 / 3_600_000)
    expect(one.hours).toEqual({ counts: withHour(NO_HOURS, 84), lastHour })
    expect(mergeProfile(one, [at(-60)]).hours).toEqual(one.hours)
    expect(mergeProfile(one, [at(60)]).hours?.lastHour).toBe(lastHour + 1)
    expect(decodeProfile(encodeProfile(one))?.hours).toEqual(one.hours)
  })

  test.each([
    '',
    'x',
    '{}',
    '{"v":2}',
    '{"v":1,"f":1,"l":1,"n":1,"d":{},"r":[0,0,0,0]}',
    '{"v":2,"f":1,"l":1,"n":1,"d":{"device":[1,"short"]},"r":[0,0,0,0]}',
    '{"v":2,"f":1,"l":1,"n":1,"d":{},"r":[0,0,0,0],"h":["?",1]}',
    '[]',
    'null',
    '{"v":1}',
  ])('%j is no profile', (text) => {
    expect(decodeProfile(text)).toBeUndefined()
  })

  test('many at once are as many one by one', () => {
    const one = (atMs: number) => seen(atMs, 'a')
    const many = {
      kind: 'seen',
      firstMs: T0,
      lastMs: T0 + 2000,
      count: 3,
      shown: { device: 'a' },
      hourOfWeek: 84,
    } as const
    const before = mergeProfile(undefined, [one(T0 - 120_000), seen(T0 - 60_000, 'b')])
    expect(mergeProfile(before, [many])).toEqual(
      mergeProfile(before, [one(T0 + 1000), one(T0), one(T0 + 2000)]),
    )
  })

  test('merging in one go or one by one gives the same', () => {
    const deltas = [seen(T0, 'a'), seen(T0 + 61_000, 'b'), seen(T0 + 200_000, 'a')]
    const oneByOne = deltas.reduce<ReturnType<typeof mergeProfile> | undefined>(
      (p, d) => mergeProfile(p, [d]),
      undefined,
    )
    expect(mergeProfile(undefined, deltas)).toEqual(oneByOne)
  })

  test('a minute teaches only when another one has begun, so that a burst is never compared with itself', () => {
    const burst = completeMinutes(
      NO_RATE,
      Array.from({ length: 500 }, (_, i) => ({ firstMs: T0 + i, count: 1 })),
    )
    expect(burst).toMatchObject({ shape: 0, minutes: 0 })
    expect(completeMinutes(burst, [{ firstMs: T0 + 120_000, count: 1 }]).shape).toBeGreaterThan(0)
  })
})

describe('session', () => {
  test('is packed into at most 120 bytes and survives it', () => {
    const session = mergeSession(undefined, [
      { kind: 'seen', firstMs: T0, lastMs: T0, count: 1, device: 'AbCdEfGh' },
      { kind: 'challenged', atMs: T0 + 5000, issuedAt: T0 / 1000, marks: true },
    ])
    const text = encodeSession(session)
    expect(text.length).toBeLessThanOrEqual(120)
    expect(decodeSession(text)).toEqual(session)
    expect(session.challenges).toEqual({ count: 1, sinceMs: T0 + 5000, lastMs: T0 + 5000 })
    expect(decodeSession('nonsense')).toBeUndefined()
    expect(decodeSession(encodeSession({ firstSeenMs: T0, lastSeenMs: T0, seen: 1 }))).toEqual({
      firstSeenMs: T0,
      lastSeenMs: T0,
      seen: 1,
    })
  })

  const asked = (second: number, issuedAt: number, marks = false) =>
    ({ kind: 'challenged', atMs: T0 + second * 1000, issuedAt: T0 / 1000 + issuedAt, marks }) as const

  test('counts a challenge only when its token is newer than the last one that counted', () => {
    const once = mergeSession(undefined, [asked(10, 0, true), asked(11, 0), asked(12, 0), asked(13, 10)])
    expect(once.challenges).toMatchObject({ count: 1, lastMs: T0 + 10_000 })
    const twice = mergeSession(once, [asked(20, 15)])
    expect(twice.challenges).toEqual({ count: 2, sinceMs: T0 + 10_000, lastMs: T0 + 20_000 })
    // What only counts does not move the moment after which a login is an answer.
    expect(twice.challengedAtMs).toBe(T0 + 10_000)
  })

  test('counts anew after ten minutes, and never beyond its byte', () => {
    const first = mergeSession(undefined, [asked(0, -1)])
    expect(mergeSession(first, [asked(599, 500)]).challenges).toMatchObject({ count: 2 })
    expect(mergeSession(first, [asked(600, 500)]).challenges).toMatchObject({
      count: 1,
      sinceMs: T0 + 600_000,
    })
    const many = mergeSession(
      undefined,
      Array.from({ length: 300 }, (_, i) => asked(i, i)),
    )
    expect(decodeSession(encodeSession(many))?.challenges).toMatchObject({ count: 255 })
  })
})

describe('keys', () => {
  const keys = createHistoryKeys(Buffer.alloc(32, 7))
  const credential = makeToken('t', {}).credential
  const tag = (key: string) => key.slice(key.indexOf('{'), key.indexOf('}') + 1)

  test('are one slot for one identity, and tell nothing', () => {
    const { profile, session, minute } = keys.of(credential)
    expect(new Set([profile, session, minute].map(tag)).size).toBe(1)
    expect(profile + session + minute).not.toContain('bob')
  })

  test.each([
    ['issuer', { issuer: 'https://other.example.com' }],
    ['kind', { kind: 'machine' as const }],
    ['subject', { subject: 'eve' }],
    ['parts that only move their border', { issuer: `${credential.issuer}b`, subject: 'ob' }],
  ])('another %s is another identity', (_, change) => {
    expect(tag(keys.of({ ...credential, ...change }).profile)).not.toBe(tag(keys.of(credential).profile))
  })

  test('another tenant is another identity, with a name of its own for all that is known of it', () => {
    const [own, other] = ['', 'x'].map((tenant) => keys.of({ ...credential, client: 'app', tenant }))
    for (const name of [
      'profile',
      'session',
      'minute',
      'subjectLimit',
      'sessionLimit',
      'clientLimit',
    ] as const)
      expect(other?.[name]).not.toBe(own?.[name])
    const value = (tenant: string) => keys.value({ ...credential, tenant }, 'device', 'laptop')
    expect(value('x')).not.toBe(value(''))
  })

  test('an agent does not train its user’s profile', () => {
    const agent = { ...credential, actor: { subject: 'agent-7' } }
    expect(keys.of(agent).profile).not.toBe(keys.of(credential).profile)
    const other = { ...credential, actor: { subject: 'agent-8' } }
    expect(keys.of(other).profile).not.toBe(keys.of(agent).profile)
  })

  test('ACT-02 whoever acted before trains nobody', () => {
    const agent = { ...credential, actor: { subject: 'agent-7' } }
    const again = { ...agent, priorActors: [{ subject: 'planner' }] }
    expect(keys.of(again).profile).toBe(keys.of(agent).profile)
  })

  test('another instance key forgets everything', () => {
    const other = createHistoryKeys(Buffer.alloc(32, 8))
    expect(other.of(credential).profile).not.toBe(keys.of(credential).profile)
  })
})

test('the local replay cache knows a retry from a second use, and is bounded', () => {
  const replay = createLocalReplay(4)
  expect(replay.claim('a', 'one')).toBe('first')
  expect(replay.claim('a', 'one')).toBe('retry')
  expect(replay.claim('a', 'two')).toBe('repeated')
  for (const key of ['b', 'c', 'd', 'e', 'f']) replay.claim(key, 'x')
  expect(replay.claim('f', 'y')).toBe('repeated')
})
