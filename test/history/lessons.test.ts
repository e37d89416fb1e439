import { describe, expect, test } from '@jest/globals'
import { createHistoryKeys } from '../../src/history/keys.ts'
import { createLearner } from '../../src/history/learn.ts'
import { decodeProfile, encodeProfile, mergeProfile } from '../../src/history/profile.ts'
import { decodeSession } from '../../src/history/session.ts'
import { NO_HOURS, withHour } from '../../src/lib/hours.ts'
import { type Decision, type Past, STEP_UP_SATISFIED, type Subject } from '../../src/model.ts'
import { createMemoryStore } from '../../src/store/memory.ts'
import { fakeClock, fakeLog, fakeMeter } from '../store/fakes.ts'
import { AT_MS, checkOf, credentialOf, factsOf, identified, pastOf } from '../support/check-of.ts'

const keys = createHistoryKeys(Buffer.alloc(32, 7))
const credential = credentialOf()
const OLD = 'old-hash'
const NEW = 'new-hash'
const known = (...devices: string[]) => {
  const atMs = AT_MS - 1000
  const deltas = devices.map(
    (device) =>
      ({ kind: 'seen', firstMs: atMs, lastMs: atMs, count: 1, shown: { device }, hourOfWeek: 84 }) as const,
  )
  return mergeProfile(undefined, deltas)
}
const allow: Decision = { effect: 'allow', reasons: ['policy.default.low-low'], shadow: [], degraded: [] }
const monitor = (reason: string): Decision => ({ ...allow, effect: 'monitor', reasons: [reason] })

const retention = { profileDays: 1, sessionDays: 1 }

type Identified = Extract<Subject, { state: 'identified' }>
const subject = identified(credential) as Identified
const bound: Subject = { ...subject, binding: { ...subject.binding, state: 'verified', methods: ['dpop'] } }

/** What stands in the store after one check was learned. */
async function learned(past: Past, decision: Decision, who: Subject = subject) {
  const clock = fakeClock(AT_MS)
  const store = createMemoryStore({ maxEntries: 100, clock })
  const { profile, session } = keys.of(credential)
  if (past.profile !== undefined) await store.update(profile, 1e9, () => encodeProfile(past.profile as never))
  const parts = {
    store,
    keys,
    meter: fakeMeter(),
    log: fakeLog(),
    schedule: () => () => undefined,
    retention,
  }
  const learner = createLearner(parts)
  learner.learn(checkOf(), who, factsOf(), past, decision)
  await learner.flush()
  const [p, s] = await store.read(
    [profile, session].map((key) => ({ op: 'get', key })),
    20,
  )
  return {
    profile: p == null ? undefined : decodeProfile(p),
    session: s == null ? undefined : decodeSession(s),
  }
}

const devices = ({ profile }: Awaited<ReturnType<typeof learned>>) =>
  profile?.features['device']?.values.map(({ value }) => value) ?? []

describe('what becomes habit', () => {
  test.each<[string, string[], string, Decision, Subject, string[]]>([
    ['the first device ever', [], NEW, allow, subject, [NEW]],
    ['a device that is habit already', [OLD], OLD, allow, subject, [OLD]],
    ['a new device on a request that only passed', [OLD], NEW, allow, subject, [OLD]],
    [
      'a new device on a monitored request',
      [OLD],
      NEW,
      monitor('policy.default.low-elevated'),
      subject,
      [OLD],
    ],
    [
      'a new device after the login that was asked for',
      [OLD],
      NEW,
      monitor(STEP_UP_SATISFIED),
      subject,
      [NEW, OLD],
    ],
    ['a new device on a request with a proved key', [OLD], NEW, allow, bound, [NEW, OLD]],
  ])('%s', async (_what, before, shown, decision, who, expected) => {
    const profile = before.length === 0 ? {} : { profile: known(...before) }
    const after = await learned(pastOf({ ...profile, shown: { device: shown } }), decision, who)
    expect(devices(after)).toEqual(expected)
    // The request itself counts in any case, and the session knows what was shown last.
    expect(after.profile?.seen).toBe(before.length + 1)
    expect(after.session?.device).toBe(shown)
  })

  const usual = (shown: Past['shown'], seen: number) => {
    const atMs = AT_MS - 1000
    const delta = { kind: 'seen', firstMs: atMs, lastMs: atMs, count: seen, shown, hourOfWeek: 84 } as const
    return mergeProfile(undefined, [delta])
  }
  const counts = ({ profile }: Awaited<ReturnType<typeof learned>>) =>
    Object.fromEntries(Object.entries(profile?.features ?? {}).map(([name, { shown }]) => [name, shown]))

  test.each<[string, Past['shown'], number, Past['shown'], Subject, Record<string, number>]>([
    [
      'a new value was shown, although it is not learned',
      { device: OLD },
      5,
      { device: NEW },
      subject,
      { device: 6 },
    ],
    ['what is usual and withheld counts as shown', { device: OLD }, 20, {}, subject, { device: 21 }],
    ['what is usual and withheld with a proof does not', { device: OLD }, 20, {}, bound, { device: 20 }],
    ['what is not yet usual and withheld does not', { device: OLD }, 19, {}, subject, { device: 19 }],
    [
      'each feature for itself',
      { device: OLD, client: OLD },
      20,
      { client: OLD },
      subject,
      { device: 21, client: 21 },
    ],
  ])('%s', async (_what, before, seen, shown, who, expected) => {
    const after = await learned(pastOf({ profile: usual(before, seen), shown }), allow, who)
    expect(counts(after)).toEqual(expected)
    expect(after.profile?.seen).toBe(seen + 1)
    for (const { values } of Object.values(after.profile?.features ?? {})) expect(values).toHaveLength(1)
  })

  test('the hour of the week in which it passed', async () => {
    const after = await learned(pastOf(), allow)
    const hour = Math.floor(AT_MS / 3_600_000)
    expect(after.profile?.hours).toEqual({ counts: withHour(NO_HOURS, 84), lastHour: hour })
  })

  test('without the store nobody knows what is new, so no device is learned', async () => {
    const after = await learned(pastOf({ degraded: ['store'], shown: { device: NEW } }), allow)
    expect(devices(after)).toEqual([])
  })

  test.each<[string, Past, Decision, Subject]>([
    ['a refused request', pastOf(), { ...allow, effect: 'deny', failure: 'policy.rule.denied' }, subject],
    ['a throttled request', pastOf(), { ...allow, effect: 'throttle', retryAfterSeconds: 1 }, subject],
    ['Envoy’s own retry', pastOf({ proof: 'retry' }), allow, bound],
    ['what the edge has learned already', pastOf(), allow, { ...subject, isCounted: true }],
    ['an anonymous request', pastOf(), allow, { state: 'anonymous' }],
  ])('%s teaches nothing', async (_what, past, decision, who) => {
    expect(await learned(past, decision, who)).toEqual({ profile: undefined, session: undefined })
  })
})

describe('challenges', () => {
  const stepUp = (marksChallenge: boolean): Decision => ({
    ...allow,
    effect: 'step-up',
    unmet: { maxAgeSeconds: 0 },
    marksChallenge,
  })
  const counted = (lastMs: number) =>
    pastOf({
      session: {
        firstSeenMs: AT_MS,
        lastSeenMs: AT_MS,
        seen: 1,
        challenges: { count: 1, sinceMs: lastMs, lastMs },
      },
    })

  test('one that marks stands in the profile and in the session', async () => {
    const after = await learned(pastOf(), stepUp(true))
    expect(after.profile).toMatchObject({ challengedAtMs: AT_MS, seen: 0 })
    expect(after.session).toMatchObject({ challengedAtMs: AT_MS, challenges: { count: 1 } })
  })

  test('one that only counts stands in the session', async () => {
    const after = await learned(counted((credential.issuedAt ?? 0) * 1000 - 1), stepUp(false))
    expect(after.profile).toBeUndefined()
    expect(after.session?.challengedAtMs).toBeUndefined()
    expect(after.session?.challenges?.lastMs).toBe(AT_MS)
  })

  test('asking again with the same token costs no write', async () => {
    expect(await learned(counted(AT_MS - 1000), stepUp(false))).toEqual({})
  })
})
