import { describe, expect, test } from '@jest/globals'
import { compileHistory } from '../../src/history/compile.ts'
import { createHistoryKeys } from '../../src/history/keys.ts'
import { encodeProfile, mergeProfile } from '../../src/history/profile.ts'
import { recall } from '../../src/history/recall.ts'
import { createLocalReplay } from '../../src/history/replay.ts'
import { encodeSession } from '../../src/history/session.ts'
import type { Facts, SingleUse, Subject } from '../../src/model.ts'
import { createMemoryStore } from '../../src/store/memory.ts'
import { type Store, type StoreCommand, StoreUnavailable } from '../../src/store/store.ts'
import { fakeClock, fakeMeter } from '../store/fakes.ts'
import { AT_MS, checkOf, credentialOf, factsOf, identified } from '../support/check-of.ts'

type Identified = Extract<Subject, { state: 'identified' }>
type Limits = Parameters<typeof compileHistory>[0]['limits']

const credential = credentialOf({ client: 'app' })
const keys = createHistoryKeys(Buffer.alloc(32, 7))
const PROOF: SingleUse = { kind: 'proof', name: 'p1', ttlMs: 60_000, issuedAtMs: AT_MS, mayRepeat: false }
const HOP: SingleUse = { ...PROOF, kind: 'hop', name: 'h1' }
const showing = (...uses: SingleUse[]): Subject => ({ ...(identified(credential) as Identified), uses })
const limit = (per: Limits[number]['per'], more: Partial<Limits[number]> = {}): Limits[number] => ({
  name: per,
  per,
  requests: 3,
  windowSeconds: 60,
  ...more,
})
const LIMITS: Limits = (['subject', 'session', 'client', 'address', 'action'] as const).map((per) =>
  limit(per),
)

function open(
  limits: Limits = LIMITS,
  store: Store = createMemoryStore({ maxEntries: 1000, clock: fakeClock(AT_MS) }),
) {
  const meter = fakeMeter()
  const process = () =>
    compileHistory({
      limits,
      store,
      keys,
      replay: createLocalReplay(),
      clock: fakeClock(),
      budgetMs: 20,
      meter,
    })
  return { store, meter, process, config: process() }
}

const used = (past: Awaited<ReturnType<typeof recall>>) =>
  past.limits.map(({ limit: name, used: sum }) => [name, sum])

describe('what counts', () => {
  test('each request once, by subject, session, client, address and action', async () => {
    const { config } = open()
    await recall(checkOf(), showing(), factsOf(), config)
    const past = await recall(checkOf(), showing(), factsOf(), config)
    expect(used(past)).toEqual(['subject', 'session', 'client', 'address', 'action'].map((per) => [per, 2]))
    expect(past.requestsPerMinute).toBe(2)
  })

  test.each<[string, Subject, Facts]>([
    ['another session', identified({ ...credential, session: { id: 's2', isDerived: false } }), factsOf()],
    ['another client', identified({ ...credential, client: 'other' }), factsOf()],
    ['another subject', identified({ ...credential, subject: 'bob' }), factsOf()],
    [
      'another address',
      identified(credential),
      factsOf({ address: { ip: '192.0.2.1', isUntrusted: false } }),
    ],
    ['another action', identified(credential), factsOf({ action: { ...factsOf().action, name: 'write' } })],
  ])('%s counts apart where it is another', async (what, subject, facts) => {
    const { config } = open()
    await recall(checkOf(), showing(), factsOf(), config)
    const counts = Object.fromEntries(used(await recall(checkOf(), subject, facts, config)))
    const apart = what.slice('another '.length)
    expect(counts[apart]).toBe(1)
    // Sessions and clients belong to a subject or not; the address and the action are everybody's.
    if (apart !== 'address') expect(counts['address']).toBe(2)
  })

  test.each<[string, Subject]>([
    ['refused', { state: 'refused', failure: 'identity.token.expired' }],
    ['anonymous', { state: 'anonymous' }],
  ])('a caller who is %s counts by address only', async (_state, subject) => {
    const { config } = open()
    expect(used(await recall(checkOf(), subject, factsOf(), config))).toEqual([['address', 1]])
  })

  test('what the edge has counted is read and not counted again', async () => {
    const { config } = open()
    await recall(checkOf(), showing(), factsOf(), config)
    const inside = { ...(showing(HOP) as Identified), isCounted: true }
    expect(new Set(used(await recall(checkOf(), inside, factsOf(), config)).map(([, sum]) => sum))).toEqual(
      new Set([1]),
    )
  })

  test('Envoy’s own retry counts once, for itself and for whoever comes after it', async () => {
    const { config } = open([limit('subject')])
    const first = checkOf({ attempt: 'one' })
    for (const state of ['first', 'retry', 'retry']) {
      const past = await recall(first, showing(PROOF), factsOf(), config)
      expect({ proof: past.proof, used: used(past), perMinute: past.requestsPerMinute }).toEqual({
        proof: state,
        used: [['subject', 1]],
        perMinute: 1,
      })
    }
    const next = await recall(
      checkOf({ attempt: 'two' }),
      showing({ ...PROOF, name: 'p2' }),
      factsOf(),
      config,
    )
    expect(used(next)).toEqual([['subject', 2]])
  })

  test('a retry that comes to another process reads itself once', async () => {
    const { config, process } = open([limit('subject')])
    const check = checkOf({ attempt: 'one' })
    await recall(check, showing(PROOF), factsOf(), config)
    const past = await recall(check, showing(PROOF), factsOf(), process())
    expect({ proof: past.proof, used: used(past) }).toEqual({ proof: 'retry', used: [['subject', 1]] })
  })

  test('a limit for some actions counts only these', async () => {
    const { config } = open([limit('subject', { actions: ['write'] })])
    expect(used(await recall(checkOf(), showing(), factsOf(), config))).toEqual([])
  })
})

describe('single use', () => {
  test.each([
    ['the same attempt', 'one', 'retry'],
    ['another attempt', 'two', 'repeated'],
  ])('%s, in this process and in another', async (_what, attempt, expected) => {
    const { config, process } = open()
    expect((await recall(checkOf({ attempt: 'one' }), showing(PROOF), factsOf(), config)).proof).toBe('first')
    expect((await recall(checkOf({ attempt }), showing(PROOF), factsOf(), process())).proof).toBe(expected)
    expect((await recall(checkOf({ attempt }), showing(PROOF), factsOf(), config)).proof).toBe(expected)
  })

  test('a hop is used up in each inside entrypoint by itself, a proof everywhere', async () => {
    const { process } = open()
    const at = (entrypoint: string, attempt: string) =>
      recall(checkOf({ attempt }), showing(PROOF, HOP), factsOf({ entrypoint }), process())
    expect(await at('a', '1')).toMatchObject({ proof: 'first', hop: 'first' })
    expect(await at('b', '2')).toMatchObject({ proof: 'repeated', hop: 'first' })
    expect(await at('a', '3')).toMatchObject({ proof: 'repeated', hop: 'repeated' })
  })

  test('a proof is used up in all tenants, while what is known of an identity stays in its own', async () => {
    const { config, process } = open([limit('subject')])
    const of = (tenant: string): Subject =>
      ({ ...showing(PROOF), credential: credentialOf({ client: 'app', tenant }) }) as Identified
    const [first, second] = [of(''), of('acme')].map((subject, i) =>
      recall(checkOf({ attempt: String(i) }), subject, factsOf(), i === 0 ? config : process()),
    )
    expect((await first)?.proof).toBe('first')
    expect(await second).toMatchObject({ proof: 'repeated', limits: [{ used: 1 }] })
  })

  test('a router retry of a named edge may repeat a hop', async () => {
    const { config } = open()
    const ask = (attempt: string, mayRepeat: boolean) =>
      recall(checkOf({ attempt }), showing({ ...HOP, mayRepeat }), factsOf(), config)
    expect((await ask('1', true)).hop).toBe('first')
    expect((await ask('2', true)).hop).toBe('retry')
    expect((await ask('3', false)).hop).toBe('repeated')
  })

  test('of another identity the same name is another use', async () => {
    const { config } = open()
    await recall(checkOf({ attempt: '1' }), showing(PROOF), factsOf(), config)
    const other: Subject = {
      ...(showing(PROOF) as Identified),
      credential: { ...credential, subject: 'bob' },
    }
    expect((await recall(checkOf({ attempt: '2' }), other, factsOf(), config)).proof).toBe('first')
  })
})

describe('without the store', () => {
  const down: Store = {
    kind: 'redis',
    read: () => Promise.reject(new StoreUnavailable('timeout')),
    update: () => Promise.reject(new StoreUnavailable('timeout')),
    health: () => Promise.resolve({ isReachable: false, degraded: [] }),
    close: () => Promise.resolve(),
  }

  test('nothing is known, the uses are unchecked, and that is said and counted', async () => {
    const { config, meter } = open(LIMITS, down)
    expect(await recall(checkOf(), showing(PROOF), factsOf(), config)).toEqual({
      shown: {},
      limits: [],
      proof: 'unavailable',
      hop: 'none',
      degraded: ['store'],
    })
    expect(meter.counts['vigil_store_errors_total{call=read,reason=timeout}']).toBe(1)
  })

  test('what this process has seen in another attempt is still a replay', async () => {
    const { config } = open(LIMITS, down)
    await recall(checkOf({ attempt: '1' }), showing(PROOF), factsOf(), config)
    expect((await recall(checkOf({ attempt: '2' }), showing(PROOF), factsOf(), config)).proof).toBe(
      'repeated',
    )
  })
})

test('there is one wait, with every command in it', async () => {
  const asked: (readonly StoreCommand[])[] = []
  const store: Store = {
    ...createMemoryStore({ maxEntries: 10, clock: fakeClock(AT_MS) }),
    read: (commands) => {
      asked.push(commands)
      return Promise.resolve(commands.map(() => null))
    },
  }
  const { config } = open(LIMITS, store)
  await recall(checkOf(), showing(PROOF), factsOf(), config)
  expect(asked.map((commands) => commands.map(({ op }) => op).join(' '))).toEqual([
    `claim get get window${' window'.repeat(LIMITS.length)}`,
  ])
})

test('profile and session come with it; what cannot be read is missing, and that is said', async () => {
  const { config, store } = open([])
  const { profile, session } = keys.of(credential)
  const known = mergeProfile(undefined, [
    { kind: 'seen', firstMs: AT_MS, lastMs: AT_MS, count: 1, shown: { device: 'abcdefgh' }, hourOfWeek: 84 },
  ])
  await store.update(profile, 1e6, () => encodeProfile(known))
  await store.update(session, 1e6, () => encodeSession({ firstSeenMs: AT_MS, lastSeenMs: AT_MS, seen: 4 }))
  const good = await recall(checkOf(), showing(), factsOf(), config)
  expect(good).toMatchObject({ profile: { seen: 1 }, session: { seen: 4 }, degraded: [] })
  await store.update(profile, 1e6, () => 'garbage')
  await store.update(session, 1e6, () => 'garbage')
  const bad = await recall(checkOf(), showing(), factsOf(), config)
  expect(bad).toMatchObject({ degraded: ['profile', 'session'] })
  expect([bad.profile, bad.session]).toEqual([undefined, undefined])
})
