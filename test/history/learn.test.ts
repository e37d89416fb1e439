import { describe, expect, test } from '@jest/globals'
import { createHistoryKeys, createLearner } from '../../src/history/index.ts'
import { decodeProfile, encodeProfile } from '../../src/history/profile.ts'
import { decodeSession } from '../../src/history/session.ts'
import type { Decision, Past, Subject } from '../../src/model.ts'
import { type Store, StoreUnavailable } from '../../src/store/store.ts'
import { fakeLog, fakeMeter } from '../store/fakes.ts'
import { checkOf, credentialOf, factsOf, identified, pastOf, profileOf } from '../support/check-of.ts'

const AT_MS = Date.UTC(2026, 0, 15, 12)
const SECOND = 1000
const keys = createHistoryKeys(Buffer.alloc(32, 7))
const ALICE = keys.of(credentialOf())

const base = { reasons: ['policy.test'], shadow: [], degraded: [] } as const
const ALLOW: Decision = { ...base, effect: 'allow' }
const stepUp = (marksChallenge: boolean): Decision => ({
  ...base,
  effect: 'step-up',
  unmet: { maxAgeSeconds: 0 },
  marksChallenge,
})
const CHALLENGE = stepUp(true)

/** A store that keeps values and can be told to fail or to wait. */
function fakeStore() {
  const values = new Map<string, string>()
  const updates: { key: string; ttlMs: number }[] = []
  const state = { error: undefined as Error | undefined, gate: Promise.resolve(), running: 0, most: 0 }
  const store: Store = {
    kind: 'memory',
    read: () => Promise.resolve([]),
    update: async (key, ttlMs, merge) => {
      state.most = Math.max(state.most, ++state.running)
      updates.push({ key, ttlMs })
      await state.gate
      state.running--
      if (state.error !== undefined) throw state.error
      values.set(key, merge(values.get(key) ?? null))
    },
    health: () => Promise.resolve({ isReachable: true, degraded: [] }),
    close: () => Promise.resolve(),
  }
  return { store, values, updates, state }
}

/** Timers that ring when the test says so. */
function fakeTimers() {
  const waiting: { ms: number; run: () => void }[] = []
  return {
    waiting,
    schedule: (ms: number, run: () => void) => {
      const timer = { ms, run }
      waiting.push(timer)
      return () => {
        if (waiting.includes(timer)) waiting.splice(waiting.indexOf(timer), 1)
      }
    },
    ring: () => {
      for (const { run } of waiting.splice(0)) run()
    },
  }
}

/** Lets everything happen that needs no timer of the learner. */
const settle = () => new Promise<void>((resolve) => setImmediate(resolve))

function open(options: { maxPending?: number } = {}) {
  const fake = fakeStore()
  const timers = fakeTimers()
  const meter = fakeMeter()
  const log = fakeLog()
  const learner = createLearner({
    store: fake.store,
    keys,
    meter,
    log,
    schedule: timers.schedule,
    retention: { profileDays: 3, sessionDays: 2 },
    ...options,
  })
  let learned = 0
  const learn = (decision = ALLOW, subject: Subject = identified(), past: Partial<Past> = {}) =>
    learner.learn(checkOf({ atMs: AT_MS + SECOND * learned++ }), subject, factsOf(), pastOf(past), decision)
  const profile = () => decodeProfile(fake.values.get(ALICE.profile) ?? '')
  const session = () => decodeSession(fake.values.get(ALICE.session) ?? '')
  return { ...fake, timers, meter, log, learner, learn, profile, session }
}

type Identified = Extract<Subject, { state: 'identified' }>
const counted: Subject = { ...(identified() as Identified), isCounted: true }
const somebody = (i: number) => identified(credentialOf({ subject: `subject ${i}` }))

describe('what teaches', () => {
  test.each<[string, Decision]>([
    ['allow', ALLOW],
    ['monitor', { ...base, effect: 'monitor' }],
  ])('%s: profile and session have seen it, with the device', async (_, decision) => {
    const { learn, learner, profile, session } = open()
    learn(decision, identified(), { shown: { device: 'AbCdEfGh' } })
    await learner.flush()
    expect(profile()).toMatchObject({ seen: 1, lastSeenMs: AT_MS, features: { device: { shown: 1 } } })
    expect(session()).toMatchObject({ seen: 1, lastSeenMs: AT_MS, device: 'AbCdEfGh' })
  })

  const quota = { limit: 'few', max: 1, windowSeconds: 60, used: 2, retryAfterSeconds: 9 }
  test.each<[string, Decision, Subject, Partial<Past>]>([
    ['a denial', { ...base, effect: 'deny', failure: 'policy.rule.denied' }, identified(), {}],
    ['a throttle', { ...base, effect: 'throttle', retryAfterSeconds: 9, limit: quota }, identified(), {}],
    [
      'a fault',
      { ...base, effect: 'unavailable', failure: 'history.store.unavailable', retryAfterSeconds: 1 },
      identified(),
      {},
    ],
    ['what the edge has learned', ALLOW, counted, {}],
    ['Envoy’s own retry', ALLOW, identified(), { proof: 'retry' }],
    ['somebody anonymous', ALLOW, { state: 'anonymous' }, {}],
    ['a refused credential', ALLOW, { state: 'refused', failure: 'identity.token.expired' }, {}],
  ])('%s does not', async (_, decision, subject, past) => {
    const { learn, learner, timers, values } = open()
    learn(decision, subject, past)
    expect([learner.pending, timers.waiting]).toEqual([0, []])
    await learner.flush()
    expect(values.size).toBe(0)
  })

  test('an agent teaches a profile of its own', async () => {
    const { learn, learner, updates, profile } = open()
    learn(ALLOW, identified(credentialOf({ actor: { subject: 'agent-7' } })))
    await learner.flush()
    expect(profile()).toBeUndefined()
    expect(updates).toHaveLength(2)
  })

  test('what was known is added to, and what cannot be read is begun anew', async () => {
    const { learn, learner, values, profile, session } = open()
    values.set(ALICE.profile, encodeProfile(profileOf({ seen: 41 })))
    values.set(ALICE.session, 'no session')
    learn()
    await learner.flush()
    expect([profile()?.seen, session()?.seen]).toEqual([42, 1])
  })
})

describe('when it is written', () => {
  test('after a second, all of a key in one update, each kind for as long as it is kept', async () => {
    const { learn, learner, timers, updates, profile } = open()
    for (let i = 0; i < 3; i++) learn()
    await settle()
    expect(updates).toEqual([])
    expect(learner.pending).toBe(2)
    expect(timers.waiting.map(({ ms }) => ms)).toEqual([1000])
    timers.ring()
    await settle()
    expect(updates).toEqual([
      { key: ALICE.profile, ttlMs: 3 * 86_400_000 },
      { key: ALICE.session, ttlMs: 2 * 86_400_000 },
    ])
    expect(profile()).toMatchObject({ seen: 3, firstSeenMs: AT_MS, lastSeenMs: AT_MS + 2 * SECOND })
    expect([learner.pending, timers.waiting]).toEqual([0, []])
  })

  test('at once when the room is half used', async () => {
    const { learn, learner, profile } = open({ maxPending: 8 })
    learn()
    expect(learner.pending).toBe(2)
    learn(ALLOW, somebody(1))
    expect(learner.pending).toBe(0)
    await settle()
    expect(profile()?.seen).toBe(1)
  })

  test('at once when 32 changes wait for one key', async () => {
    const { learn, timers, profile } = open()
    const fromDevice = (i: number) => learn(ALLOW, identified(), { shown: { device: `device-${i}` } })
    for (let i = 0; i < 31; i++) fromDevice(i)
    await settle()
    expect(profile()).toBeUndefined()
    fromDevice(31)
    await settle()
    expect(profile()?.seen).toBe(32)
    expect(timers.waiting).toEqual([])
  })

  test('a challenge at once, for session and identity, and what waits goes along', async () => {
    const { learn, timers, profile, session } = open()
    learn()
    learn(CHALLENGE)
    await settle()
    expect(profile()).toMatchObject({ seen: 1, challengedAtMs: AT_MS + SECOND })
    expect(session()).toMatchObject({ seen: 1, challengedAtMs: AT_MS + SECOND })
    expect(timers.waiting).toEqual([])
  })

  test('one write at a time for a key; what comes meanwhile waits for the next interval', async () => {
    const { learn, timers, state, profile } = open()
    const gate = Promise.withResolvers<void>()
    state.gate = gate.promise
    learn()
    timers.ring()
    learn()
    await settle()
    // Profile and session of the first; the second has not begun.
    expect([state.running, timers.waiting]).toEqual([2, []])
    gate.resolve()
    await settle()
    expect(profile()?.seen).toBe(1)
    expect(timers.waiting.map(({ ms }) => ms)).toEqual([1000])
    timers.ring()
    await settle()
    expect([profile()?.seen, state.most]).toEqual([2, 2])
  })

  test('a challenge that comes during a write follows it without a timer', async () => {
    const { learn, timers, state, session } = open()
    const gate = Promise.withResolvers<void>()
    state.gate = gate.promise
    learn()
    timers.ring()
    learn(CHALLENGE)
    await settle()
    // Not beside it: this process never competes with itself for a key.
    expect(state.running).toBe(2)
    gate.resolve()
    await settle()
    expect(session()).toMatchObject({ seen: 1, challengedAtMs: AT_MS + SECOND })
    expect(timers.waiting).toEqual([])
  })

  test('many keys in portions, so that checks come in between', async () => {
    const { learn, learner, timers, updates } = open()
    for (let i = 0; i < 20; i++) learn(ALLOW, somebody(i))
    const flushed = learner.flush()
    await settle()
    expect(updates).toHaveLength(16)
    expect(timers.waiting.map(({ ms }) => ms)).toEqual([0])
    timers.ring()
    await settle()
    expect(updates).toHaveLength(32)
    timers.ring()
    await flushed
    expect(updates).toHaveLength(40)
  })

  test('of very many keys more in a portion: what waits must not grow faster than it is written', async () => {
    const { learn, learner, timers, updates } = open()
    for (let i = 0; i < 3200; i++) learn(ALLOW, somebody(i))
    const flushed = learner.flush()
    await settle()
    expect(updates).toHaveLength(100)
    for (let look = 1; look < 64; look++) {
      timers.ring()
      await settle()
    }
    await flushed
    expect(updates).toHaveLength(6400)
  })

  test('flush waits also for what is learned while it writes', async () => {
    const { learn, learner, timers, state, profile } = open()
    const gate = Promise.withResolvers<void>()
    state.gate = gate.promise
    learn()
    const flushed = learner.flush()
    learn()
    gate.resolve()
    await flushed
    expect(profile()?.seen).toBe(2)
    expect([learner.pending, timers.waiting]).toEqual([0, []])
  })
})

test('flush waits for a write that has begun', async () => {
  const { learn, learner, timers, state } = open()
  const gate = Promise.withResolvers<void>()
  state.gate = gate.promise
  learn()
  timers.ring()
  let isFlushed = false
  const flushed = learner.flush().then(() => {
    isFlushed = true
  })
  await settle()
  expect([learner.pending, isFlushed]).toEqual([0, false])
  gate.resolve()
  await flushed
  expect(state.running).toBe(0)
})

describe('what is lost is counted', () => {
  test.each([
    ['unreachable', new StoreUnavailable('unreachable')],
    ['contended', new StoreUnavailable('contended')],
    ['unexpected', new TypeError('bug')],
  ])('%s: each delta, the error, and one line in the log until it works again', async (reason, error) => {
    const { learn, learner, meter, log, state, profile } = open()
    state.error = error
    for (let i = 0; i < 3; i++) {
      learn()
      learn()
      await learner.flush()
    }
    expect(meter.counts).toEqual({
      [`vigil_store_errors_total{call=update,reason=${reason}}`]: 6,
      'vigil_learn_dropped_total{reason=store}': 12,
    })
    expect(log.lines).toEqual(['warn history.learning-dropped {"reason":"store"}'])
    state.error = undefined
    learn()
    await learner.flush()
    expect(profile()?.seen).toBe(1)
    state.error = error
    learn()
    await learner.flush()
    expect(log.lines).toHaveLength(2)
  })

  test('what the queue has no room for; what is in it is written all the same', async () => {
    const { learn, learner, meter, log, profile, session } = open({ maxPending: 3 })
    // Two wait: more than half of the room, so they are written. Meanwhile come two more, and of the next two one fits.
    learn()
    learn()
    learn(ALLOW, somebody(1))
    expect(learner.pending).toBe(3)
    expect(meter.counts).toEqual({ 'vigil_learn_dropped_total{reason=full}': 1 })
    expect(log.lines).toEqual(['warn history.learning-dropped {"reason":"full"}'])
    await learner.flush()
    expect([profile()?.seen, session()?.seen]).toEqual([2, 2])
    learn()
    await learner.flush()
    expect(profile()?.seen).toBe(3)
  })
})
