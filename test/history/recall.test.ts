import { describe, expect, test } from '@jest/globals'
import type { LimitSettings } from '../../src/config/schema/decision.ts'
import { compileHistory, createHistoryKeys, createLocalReplay, recall } from '../../src/history/index.ts'
import { encodeProfile } from '../../src/history/profile.ts'
import { encodeSession } from '../../src/history/session.ts'
import { attemptName } from '../../src/history/uses.ts'
import type { Check, Credential, Facts, Past, SingleUse, Subject } from '../../src/model.ts'
import { createMemoryStore } from '../../src/store/memory.ts'
import { type Store, type StoreCommand, StoreUnavailable } from '../../src/store/store.ts'
import { fakeClock, fakeMeter } from '../store/fakes.ts'
import { checkOf, credentialOf, factsOf, identified, profileOf } from '../support/check-of.ts'

const AT_MS = Date.UTC(2026, 0, 15, 12)
const BUDGET_MS = 20
const keys = createHistoryKeys(Buffer.alloc(32, 7))

const limitOf = (per: LimitSettings['per'], change: Partial<LimitSettings> = {}): LimitSettings => ({
  name: `per-${per}`,
  per,
  requests: 100,
  windowSeconds: 60,
  ...change,
})

/** Stage 3 over this store; what was asked of it and counted is kept. */
function open(store: Store, limits: readonly LimitSettings[] = []) {
  const meter = fakeMeter()
  const asked: { commands: readonly StoreCommand[]; budgetMs: number }[] = []
  const watched: Store = {
    ...store,
    read: (commands, budgetMs) => {
      asked.push({ commands, budgetMs })
      return store.read(commands, budgetMs)
    },
  }
  const config = compileHistory({
    limits,
    store: watched,
    keys,
    replay: createLocalReplay(),
    clock: fakeClock(AT_MS),
    budgetMs: BUDGET_MS,
    meter,
  })
  let attempts = 0
  /** One check of somebody, by default in an attempt of its own. */
  const ask = (
    subject: Subject = identified(),
    facts: Partial<Facts> = {},
    check: Partial<Check> = {},
  ): Promise<Past> =>
    recall(
      checkOf({ atMs: AT_MS, attempt: `attempt ${++attempts}`, ...check }),
      subject,
      factsOf(facts),
      config,
    )
  return { ask, asked, meter }
}

const memory = () => createMemoryStore({ maxEntries: 1000, clock: fakeClock(AT_MS) })

/** A store whose replies the test writes; by default it knows nothing. */
const scripted = (reply: (command: StoreCommand) => string | null, standing?: Store['standing']): Store => ({
  ...memory(),
  ...(standing === undefined ? {} : { standing }),
  read: async (commands) => commands.map(reply),
})

const failing = (error: Error): Store => ({ ...memory(), read: () => Promise.reject(error) })

const proofOf = (change: Partial<SingleUse> = {}): SingleUse => ({
  kind: 'proof',
  name: 'jti',
  ttlMs: 60_000.4,
  issuedAtMs: AT_MS - 1000,
  mayRepeat: false,
  ...change,
})
const hopOf = (change: Partial<SingleUse> = {}): SingleUse => proofOf({ kind: 'hop', name: 'hop', ...change })

type Identified = Extract<Subject, { state: 'identified' }>
const using = (use: SingleUse, change: Partial<Identified> = {}): Subject =>
  ({ ...identified(), uses: [use], ...change }) as Subject
const as = (change: Partial<Credential>): Subject => identified(credentialOf(change))
const isKindOf = (letter: string) => (command: StoreCommand) => command.key.startsWith(`${letter}:`)

describe('the one wait', () => {
  test('asks once, within the budget: uses, profile, session, this minute and the one before, then limits', async () => {
    const { ask, asked } = open(memory(), [limitOf('subject'), limitOf('address')])
    await ask(using(proofOf()))
    expect(asked).toHaveLength(1)
    expect(asked[0]?.budgetMs).toBe(BUDGET_MS)
    const shape = asked[0]?.commands.map(({ op, key }) => `${op} ${key.slice(0, 1)}`)
    expect(shape).toEqual(['claim u', 'get p', 'get s', 'window m', 'window l', 'window l'])
  })

  test('a use is kept at least as long as it may be used again, in whole milliseconds', async () => {
    const { ask, asked } = open(memory())
    await ask(using(proofOf({ ttlMs: 60_000.4 })))
    await ask(using(proofOf({ name: 'past its time', ttlMs: -5 })))
    const ttls = asked.flatMap(({ commands }) => commands.filter(isKindOf('u')))
    expect(ttls).toMatchObject([{ ttlMs: 60_001 }, { ttlMs: 1 }])
  })

  test.each([
    ['anonymous', { state: 'anonymous' }],
    ['refused', { state: 'refused', failure: 'identity.token.expired' }],
  ] as const)('of somebody %s nothing is asked when there is nothing to count', async (_, subject) => {
    const { ask, asked, meter } = open(memory(), [limitOf('subject'), limitOf('action')])
    expect(await ask(subject, { device: { id: 'd', isAttested: false } })).toEqual({
      shown: {},
      limits: [],
      proof: 'none',
      hop: 'none',
      degraded: [],
    })
    expect(asked).toEqual([])
    expect(meter.records).toEqual([])
  })
})

describe('what is known', () => {
  const stored = { profile: profileOf({ seen: 7 }), session: { firstSeenMs: 0, lastSeenMs: 5000, seen: 3 } }
  const reply = (parts: { profile?: string; session?: string; minutes?: readonly string[] }) => {
    return scripted((command) => {
      if (isKindOf('p')(command)) return parts.profile ?? null
      if (isKindOf('s')(command)) return parts.session ?? null
      return isKindOf('m')(command) ? (parts.minutes?.join(' ') ?? null) : null
    })
  }

  test('profile, session and the rate of the sliding minute', async () => {
    const known = { profile: encodeProfile(stored.profile), session: encodeSession(stored.session) }
    const { ask } = open(reply({ ...known, minutes: ['10', '30'] }))
    const past = await ask(identified(), {}, { atMs: AT_MS + 15_000 })
    expect(past).toMatchObject({ profile: { seen: 7 }, session: { seen: 3 }, degraded: [] })
    // A quarter of this minute is over: three quarters of the one before still count.
    expect(past.requestsPerMinute).toBe(10 + 30 * 0.75)
  })

  test('somebody new has neither', async () => {
    const past = await open(memory()).ask()
    expect(past).toEqual({
      shown: {},
      limits: [],
      proof: 'none',
      hop: 'none',
      degraded: [],
      requestsPerMinute: 1,
    })
  })

  test.each([
    ['profile', { profile: 'no profile', session: encodeSession(stored.session) }],
    ['session', { profile: encodeProfile(stored.profile), session: 'no session' }],
  ])('a %s that cannot be read is missing and named; the rest is there', async (name, parts) => {
    const past = await open(reply({ ...parts, minutes: ['1', '0'] })).ask()
    expect(past.degraded).toEqual([name])
    expect([past.profile === undefined, past.session === undefined]).toEqual([
      name === 'profile',
      name === 'session',
    ])
  })

  test.each([
    'x',
    '-3',
    '1.5',
    '',
    '9007199254740993',
  ])('a counter that holds %j counts nothing', async (text) => {
    const past = await open(reply({ minutes: [text, text] })).ask()
    expect(past.requestsPerMinute).toBe(0)
  })

  test('a device stands under a hash of its own for each identity', async () => {
    const { ask } = open(memory())
    const from = async (subject: Subject, id: string) =>
      (await ask(subject, { device: { id, isAttested: false } })).shown['device']
    const mine = await from(identified(), 'phone')
    expect(mine).toMatch(/^[\w-]{8}$/)
    expect(await from(identified(), 'phone')).toBe(mine)
    expect(await from(identified(), 'laptop')).not.toBe(mine)
    expect(await from(as({ subject: 'bob' }), 'phone')).not.toBe(mine)
    expect((await ask()).shown).toEqual({})
  })
})

describe('limits', () => {
  type Asking = readonly [subject: Subject, facts?: Partial<Facts>]
  const alice = identified()
  const at = (ip: string): Partial<Facts> => ({ address: { ip, isUntrusted: false } })
  const doing = (name: string): Partial<Facts> => ({ action: { ...factsOf().action, name } })
  const web = as({ client: 'web' })
  const bobOnWeb = as({ client: 'web', subject: 'bob' })

  /** Used after each of two requests, by the only limit; undefined: that request was not counted. */
  async function twoRequests(limit: LimitSettings, first: Asking, second: Asking) {
    const { ask } = open(memory(), [limit])
    return [(await ask(...first)).limits[0]?.used, (await ask(...second)).limits[0]?.used]
  }

  test.each<[LimitSettings['per'], string, Asking, Asking]>([
    ['subject', 'another session', [alice], [as({ session: { id: 's2', isDerived: false } })]],
    ['subject', 'another address', [alice, at('192.0.2.1')], [alice, at('192.0.2.2')]],
    ['session', 'the same session', [alice], [alice]],
    ['client', 'another subject', [web], [bobOnWeb]],
    ['address', 'another subject', [alice], [as({ subject: 'bob' })]],
    ['address', 'somebody anonymous', [alice], [{ state: 'anonymous' }]],
    ['address', 'the same /64', [alice, at('2001:db8::1')], [alice, at('2001:db8::ffff:1')]],
    ['address', 'IPv4 in IPv6', [alice, at('192.0.2.1')], [alice, at('::ffff:192.0.2.1')]],
    ['action', 'another subject', [alice], [as({ subject: 'bob' })]],
  ])('per %s: %s counts together', async (per, _, first, second) => {
    expect(await twoRequests(limitOf(per), first, second)).toEqual([1, 2])
  })

  test.each<[LimitSettings['per'], string, Asking, Asking]>([
    ['subject', 'another subject', [alice], [as({ subject: 'bob' })]],
    ['subject', 'another issuer', [alice], [as({ issuer: 'https://other.example.com' })]],
    ['session', 'another session', [alice], [as({ session: { id: 's2', isDerived: false } })]],
    ['client', 'another client', [web], [as({ client: 'app' })]],
    ['address', 'another address', [alice, at('192.0.2.1')], [alice, at('192.0.2.2')]],
    ['address', 'another /64', [alice, at('2001:db8::1')], [alice, at('2001:db8:0:1::1')]],
    ['action', 'another action', [alice, doing('read')], [alice, doing('write')]],
  ])('per %s: %s counts apart', async (per, _, first, second) => {
    expect(await twoRequests(limitOf(per), first, second)).toEqual([1, 1])
  })

  test.each<[LimitSettings['per'], string, Asking]>([
    ['subject', 'anonymous', [{ state: 'anonymous' }]],
    ['session', 'anonymous', [{ state: 'anonymous' }]],
    ['action', 'anonymous', [{ state: 'anonymous' }]],
    ['client', 'without a client', [alice]],
    ['address', 'without an address', [alice, { address: { isUntrusted: true } }]],
  ])('per %s: who is %s is not counted', async (per, _, asking) => {
    expect(await twoRequests(limitOf(per), asking, asking)).toEqual([undefined, undefined])
  })

  test('only the actions that the limit names count', async () => {
    const limit = limitOf('subject', { actions: ['write'] })
    expect(await twoRequests(limit, [alice, doing('read')], [alice, doing('write')])).toEqual([undefined, 1])
  })

  test('a reading says what the limit is, how much is used, and when to come again', async () => {
    const { ask } = open(memory(), [limitOf('subject', { name: 'few', requests: 1, windowSeconds: 10 })])
    const few = { limit: 'few', max: 1, windowSeconds: 10 }
    expect((await ask()).limits).toEqual([{ ...few, used: 1, retryAfterSeconds: 0 }])
    expect((await ask()).limits).toEqual([{ ...few, used: 2, retryAfterSeconds: expect.any(Number) }])
    const [reading] = (await ask()).limits
    expect(reading?.retryAfterSeconds).toBeGreaterThan(0)
  })

  test('two limits of one kind do not share a counter', async () => {
    const { ask, asked } = open(memory(), [limitOf('subject'), limitOf('subject', { name: 'other' })])
    await ask()
    const counted = asked[0]?.commands.filter(({ op, key }) => op === 'window' && key.startsWith('l:'))
    expect(new Set(counted?.map(({ key }) => key)).size).toBe(2)
  })
})

describe('single use', () => {
  test('first, then a replay in every other attempt', async () => {
    const { ask } = open(memory())
    expect(await ask(using(proofOf()))).toMatchObject({ proof: 'first', hop: 'none' })
    for (let i = 0; i < 2; i++) expect((await ask(using(proofOf()))).proof).toBe('repeated')
    expect((await ask(using(proofOf({ name: 'another jti' })))).proof).toBe('first')
    expect((await ask(using(proofOf(), { credential: credentialOf({ subject: 'bob' }) }))).proof).toBe(
      'first',
    )
  })

  test('Envoy’s own retry of one check is none, and counts once', async () => {
    const { ask } = open(memory(), [limitOf('subject')])
    const check = { attempt: 'the same' }
    expect((await ask(using(proofOf()), {}, check)).proof).toBe('first')
    const again = await ask(using(proofOf()), {}, check)
    expect(again).toMatchObject({ proof: 'retry', requestsPerMinute: 1, limits: [{ used: 1 }] })
  })

  test.each([
    ['another process took it in another attempt', 'elsewhere', 'repeated'],
    ['another process took it in this attempt', attemptName(checkOf({ attempt: 'mine' })), 'retry'],
    ['nobody has', null, 'first'],
  ])('%s', async (_, stored, state) => {
    const { ask } = open(scripted(({ op }) => (op === 'claim' ? stored : null)))
    expect((await ask(using(proofOf()), {}, { attempt: 'mine' })).proof).toBe(state)
  })

  test('a proof is used up at every entrypoint, a hop only where it was shown', async () => {
    const { ask } = open(memory())
    const shown = async (use: SingleUse, entrypoint: string) => await ask(using(use), { entrypoint })
    expect((await shown(proofOf(), 'one')).proof).toBe('first')
    expect((await shown(proofOf(), 'two')).proof).toBe('repeated')
    expect((await shown(hopOf(), 'one')).hop).toBe('first')
    expect((await shown(hopOf(), 'two')).hop).toBe('first')
    expect((await shown(hopOf(), 'two')).hop).toBe('repeated')
  })

  test('a hop that may repeat is a router’s retry', async () => {
    const { ask } = open(memory())
    const hop = hopOf({ mayRepeat: true })
    expect((await ask(using(hop))).hop).toBe('first')
    expect((await ask(using(hop))).hop).toBe('retry')
  })

  test('what the edge has counted is read and not counted again', async () => {
    const { ask, asked } = open(memory(), [limitOf('subject')])
    await ask()
    const inside = await ask(using(hopOf(), { isCounted: true }))
    expect(
      asked[1]?.commands.map((command) => (command.op === 'window' ? command.adds : command.op)),
    ).toEqual(['claim', 'get', 'get', false, false])
    expect(inside).toMatchObject({ hop: 'first', requestsPerMinute: 1, limits: [{ used: 1 }] })
    // Not counted, so a retry has nothing to take off.
    const again = await ask(using(hopOf({ mayRepeat: true }), { isCounted: true }))
    expect(again).toMatchObject({ hop: 'retry', requestsPerMinute: 1, limits: [{ used: 1 }] })
  })

  test('what was made before the primary began may be lost with the one before', async () => {
    const { ask } = open(scripted(() => null, { degraded: [], primarySinceMs: AT_MS - 1000 }))
    expect((await ask(using(proofOf({ issuedAtMs: AT_MS - 1001 })))).proof).toBe('outdated')
    expect((await ask(using(proofOf({ name: 'b', issuedAtMs: AT_MS - 1000 })))).proof).toBe('first')
  })

  test('a store that may lose claims is named, where there was something to claim', async () => {
    const { ask } = open(scripted(() => null, { degraded: ['eviction', 'replica'] }))
    expect((await ask(using(proofOf()))).degraded).toEqual(['store-eviction', 'store-replica'])
    expect((await ask()).degraded).toEqual([])
  })
})

describe('without the store', () => {
  test.each([
    ['timeout', new StoreUnavailable('timeout')],
    ['unreachable', new StoreUnavailable('unreachable')],
    ['full', new StoreUnavailable('full')],
    ['unexpected', new TypeError('bug')],
  ])('%s: the past is empty and says so, and it is counted', async (reason, error) => {
    const { ask, meter } = open(failing(error), [limitOf('subject')])
    const past = await ask(identified(), { device: { id: 'phone', isAttested: false } })
    expect(past).toEqual({
      // The hash of what was shown needs no store.
      shown: { device: expect.any(String) },
      limits: [],
      proof: 'none',
      hop: 'none',
      degraded: ['store'],
    })
    expect(meter.counts).toEqual({ [`vigil_store_errors_total{call=read,reason=${reason}}`]: 1 })
    expect(meter.records).toEqual(['vigil_store_wait_seconds'])
  })

  test('this process still knows a replay of what it has seen, and of nothing else', async () => {
    const { ask } = open(failing(new StoreUnavailable('timeout')))
    const check = { attempt: 'the same' }
    expect((await ask(using(proofOf()), {}, check)).proof).toBe('unavailable')
    // The same attempt proves nothing: its first try may itself have been a replay.
    expect((await ask(using(proofOf()), {}, check)).proof).toBe('unavailable')
    expect((await ask(using(proofOf()))).proof).toBe('repeated')
    expect((await ask(using(hopOf()))).hop).toBe('unavailable')
    expect((await ask(using(hopOf()))).hop).toBe('repeated')
  })

  test('a use seen during an outage is no first use when the store is back', async () => {
    let isBack = false
    const store = memory()
    const { ask } = open({
      ...store,
      read: (commands, budgetMs) =>
        isBack ? store.read(commands, budgetMs) : Promise.reject(new StoreUnavailable('timeout')),
    })
    const check = { attempt: 'the same' }
    for (const name of ['a', 'b']) await ask(using(proofOf({ name })), {}, check)
    isBack = true
    expect((await ask(using(proofOf({ name: 'a' })))).proof).toBe('repeated')
    expect((await ask(using(proofOf({ name: 'b' })), {}, check)).proof).toBe('retry')
  })
})
