import { describe, expect, test } from '@jest/globals'
import type { Algorithm } from '../../src/lib/algorithms.ts'
import type { Log, Meter } from '../../src/ports.ts'
import { silentLog } from '../../src/ports.ts'
import { KeyLoadError } from '../../src/tokens/key-fetch.ts'
import { KeyRing, type KeyTimes } from '../../src/tokens/key-ring.ts'
import { keys, manualClock } from '../harness/tokens.ts'

const TIMES: KeyTimes = { refreshMs: 300_000, cooldownMs: 30_000, maxStaleMs: 3_600_000 }
const ES256 = new Set<Algorithm>(['ES256'])
const settle = () => new Promise<void>((resolve) => setImmediate(resolve))

/** A ring whose loads the test answers one by one: `answer(jwks)` or `fail()` settles the oldest open one. */
function harness(times: Partial<KeyTimes> = {}) {
  const clock = manualClock()
  const open: { resolve(jwks: readonly unknown[] | undefined): void; reject(error: Error): void }[] = []
  const state = { loads: 0, results: [] as (string | undefined)[] }
  const told: unknown[][] = []
  const log: Log = {
    ...silentLog,
    debug: (...line) => void told.push(['debug', ...line]),
    warn: (...line) => void told.push(['warn', ...line]),
  }
  const meter: Meter = {
    add: (name, value, labels) => {
      expect([name, value]).toEqual(['vigil_jwks_fetch_total', 1])
      state.results.push(labels?.['result'])
    },
    record: () => undefined,
    set: () => undefined,
  }
  const load = () => {
    state.loads++
    return new Promise<readonly unknown[] | undefined>((resolve, reject) => open.push({ resolve, reject }))
  }
  const settings = {
    issuer: 'https://idp.example.com',
    algorithms: ES256,
    times: { ...TIMES, ...times },
    load,
  }
  const ring = new KeyRing(settings, { clock, meter, log })
  const answer = async (jwks?: readonly unknown[]) => {
    open.shift()?.resolve(jwks)
    await settle()
  }
  const fail = async (error: Error = new KeyLoadError('down')) => {
    open.shift()?.reject(error)
    await settle()
  }
  const loaded = async () => {
    const usable = ring.becomeUsable()
    await answer([keys.es256.jwk])
    return usable
  }
  return { ring, clock, state, told, answer, fail, loaded }
}

const kids = (ring: KeyRing) => [...ring.keys].map((key) => key.kid)

describe('JWT-16 loading', () => {
  test('happens once for all that wait', async () => {
    const { ring, state, answer } = harness()
    const waiting = [ring.becomeUsable(), ring.becomeUsable(), ring.lookAgain()]
    await answer([keys.es256.jwk])
    expect(await Promise.all(waiting)).toEqual([true, true, true])
    expect(state).toEqual({ loads: 1, results: ['loaded'] })
    expect(kids(ring)).toEqual(['es256'])
    expect(ring.isUsableNow()).toBe(true)
  })

  test('never done: unavailable, asked again after a short pause', async () => {
    const { ring, clock, state, fail, loaded } = harness()
    const usable = ring.becomeUsable()
    await fail()
    expect(await usable).toBe(false)
    expect(ring.state()).toMatchObject({ state: 'unavailable', keys: 0, lastFailure: 'down' })
    expect(ring.state()).not.toHaveProperty('ageSeconds')
    expect(await ring.becomeUsable()).toBe(false)
    expect(state.loads).toBe(1)
    clock.advance(5)
    expect(await loaded()).toBe(true)
    expect(ring.state()).toEqual({
      issuer: 'https://idp.example.com',
      use: 'sig',
      state: 'loaded',
      keys: 1,
      ageSeconds: 0,
    })
  })

  test('an unexpected fault is a failed load, not a throw', async () => {
    const { ring, state, told, fail } = harness()
    const usable = ring.becomeUsable()
    await fail(new TypeError('planted-secret'))
    expect(await usable).toBe(false)
    expect(ring.state().lastFailure).toBe('unexpected fault (TypeError)')
    expect(state.results).toEqual(['failed'])
    const reason = 'unexpected fault (TypeError)'
    expect(told).toEqual([['warn', 'keys.load.failed', { issuer: 'https://idp.example.com', reason }]])
  })

  test('tells of each key that is not used, louder of one that nobody should publish', async () => {
    const { ring, told } = harness()
    ring.accept([keys.es256.jwk, { kty: 'oct' }, { ...keys.stranger.jwk, use: 'enc' }])
    const issuer = 'https://idp.example.com'
    expect(told).toEqual([
      ['warn', 'keys.key.refused', { issuer, index: 1, problem: expect.stringMatching(/^is symmetric/) }],
      ['debug', 'keys.key.ignored', { issuer, index: 2, problem: expect.stringMatching(/^is not for/) }],
    ])
  })

  test('is tried again after the cooldown, if that is shorter than the usual pause', async () => {
    const { ring, clock, state, fail } = harness({ cooldownMs: 1000 })
    ring.isUsableNow()
    await fail()
    clock.advance(0.999)
    ring.isUsableNow()
    expect(state.loads).toBe(1)
    clock.advance(0.001)
    ring.isUsableNow()
    expect(state.loads).toBe(2)
  })

  test('asking for the state starts it, as a process that waits to be ready has no checks', async () => {
    const { ring, state, answer } = harness()
    expect(ring.state().state).toBe('unavailable')
    await answer([keys.es256.jwk])
    expect(state.loads).toBe(1)
    expect(ring.state().state).toBe('loaded')
  })
})

test('keys that stand in the configuration have no age: they change with it alone', async () => {
  const { ring, clock, state } = harness({ refreshMs: Number.POSITIVE_INFINITY })
  ring.accept([keys.es256.jwk])
  clock.advance(1e6)
  expect(await ring.lookAgain()).toBe(false)
  expect(state.loads).toBe(0)
  expect(ring.state()).toEqual({ issuer: 'https://idp.example.com', use: 'sig', state: 'loaded', keys: 1 })
})

describe('JWT-16 refreshing', () => {
  test('under traffic starts early and lets nobody wait', async () => {
    const { ring, clock, state, loaded, answer } = harness()
    await loaded()
    clock.advance(240)
    expect(ring.isUsableNow()).toBe(true)
    expect(state.loads).toBe(1)
    clock.advance(1)
    expect(ring.isUsableNow()).toBe(true)
    expect(ring.isUsableNow()).toBe(true)
    expect(state.loads).toBe(2)
    await answer([keys.stranger.jwk])
    expect(kids(ring)).toEqual(['stranger'])
  })

  test('past refreshSeconds everybody waits, so a removed key is gone then', async () => {
    const { ring, clock, loaded, answer } = harness()
    await loaded()
    clock.advance(300)
    const early = ring.isUsableNow()
    expect(ring.state().state).toBe('loaded')
    clock.advance(1)
    expect([early, ring.isUsableNow()]).toEqual([true, false])
    const usable = ring.becomeUsable()
    expect(kids(ring)).toEqual(['es256'])
    await answer([])
    expect(await usable).toBe(true)
    expect(kids(ring)).toEqual([])
  })

  test('counts the age from the question, not from a slow answer', async () => {
    const { ring, clock, answer } = harness()
    const usable = ring.becomeUsable()
    clock.advance(200)
    await answer([keys.es256.jwk])
    expect(await usable).toBe(true)
    expect(ring.state().ageSeconds).toBe(200)
    clock.advance(101)
    expect(ring.isUsableNow()).toBe(false)
  })

  test('failing: the keys serve on until maxStaleSeconds, tried again every few seconds', async () => {
    const { ring, clock, state, loaded, fail } = harness()
    await loaded()
    clock.advance(301)
    const usable = ring.becomeUsable()
    await fail()
    expect(await usable).toBe(true)
    expect(ring.state().state).toBe('stale')
    expect([ring.isUsableNow(), state.loads]).toEqual([true, 2])
    clock.advance(5)
    expect([ring.isUsableNow(), state.loads]).toEqual([true, 3])
    expect(await ring.becomeUsable()).toBe(true)
    await fail()
    clock.advance(3600 - 306)
    expect(ring.isUsableNow()).toBe(false)
    const last = ring.becomeUsable()
    await fail()
    expect(await last).toBe(true)
    clock.advance(1)
    expect(ring.isUsableNow()).toBe(false)
    expect(await ring.becomeUsable()).toBe(false)
    expect(ring.state().state).toBe('unavailable')
  })

  test('failing long ago: the next use waits again, as the issuer may be back without a removed key', async () => {
    const { ring, clock, loaded, fail, answer } = harness()
    await loaded()
    clock.advance(301)
    ring.isUsableNow()
    await fail()
    clock.advance(30)
    expect(ring.isUsableNow()).toBe(true)
    await fail()
    clock.advance(30.001)
    expect(ring.isUsableNow()).toBe(false)
    const usable = ring.becomeUsable()
    await answer([])
    expect(await usable).toBe(true)
    expect(kids(ring)).toEqual([])
  })

  test('maxStaleSeconds 0 means no stale keys', async () => {
    const { ring, clock, loaded, fail } = harness({ maxStaleMs: 0 })
    await loaded()
    clock.advance(301)
    const usable = ring.becomeUsable()
    await fail()
    expect(await usable).toBe(false)
  })

  test('maxStaleSeconds 0 takes nothing from keys that are not yet due', async () => {
    const { ring, clock, answer } = harness({ maxStaleMs: 0 })
    const usable = ring.becomeUsable()
    clock.advance(300)
    await answer([keys.es256.jwk])
    expect(await usable).toBe(true)
  })

  test('a failure before the last good load excuses nothing: past refreshSeconds everybody waits', async () => {
    const { ring, clock, loaded, fail, answer } = harness({ refreshMs: 10_000 })
    ring.isUsableNow()
    await fail()
    clock.advance(5)
    await loaded()
    clock.advance(10.001)
    expect(ring.isUsableNow()).toBe(false)
    const usable = ring.becomeUsable()
    await answer([])
    expect(await usable).toBe(true)
    expect(kids(ring)).toEqual([])
  })

  test('an unchanged source renews the age and keeps the keys', async () => {
    const { ring, clock, state, loaded, answer } = harness()
    await loaded()
    const before = [...ring.keys]
    clock.advance(301)
    const usable = ring.becomeUsable()
    await answer(undefined)
    expect(await usable).toBe(true)
    expect([...ring.keys]).toEqual(before)
    expect(ring.state().ageSeconds).toBe(0)
    expect(state.results).toEqual(['loaded', 'unchanged'])
  })
})

describe('JWT-16 unknown keys', () => {
  test('ask once per cooldown', async () => {
    const { ring, clock, state, loaded, answer } = harness()
    await loaded()
    const again = ring.lookAgain()
    const beside = ring.lookAgain()
    await answer([keys.stranger.jwk])
    expect(await Promise.all([again, beside])).toEqual([true, true])
    expect(kids(ring)).toEqual(['stranger'])
    clock.advance(29)
    expect(await ring.lookAgain()).toBe(false)
    expect(state.loads).toBe(2)
    clock.advance(1)
    const later = ring.lookAgain()
    await answer([])
    expect(await later).toBe(true)
    expect(state.loads).toBe(3)
  })
})
