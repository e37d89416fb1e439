/** The rows of the store: what is known of an identity, and proofs that were used. */
import { expect, test } from '@jest/globals'
import type { Sensitivity } from '../../src/model.ts'
import { createMemoryStore } from '../../src/store/memory.ts'
import { StoreUnavailable } from '../../src/store/store.ts'
import { openTestApp, type TestApp } from '../harness/app.ts'
import { athOf, makeSigner, signProof } from '../harness/proofs.ts'
import { AUDIENCE, mintAccessToken, NOW, NOW_MS } from '../harness/tokens.ts'
import { fakeMeter } from '../store/fakes.ts'
import { DEGRADED } from '../support/degraded.ts'
import {
  ALL,
  ask,
  checkOf,
  expectUnavailable,
  HIGH,
  headerOf,
  LOW,
  lost,
  row,
  settings,
  storeThatFails,
} from './rows.ts'

row('the store is unreachable or over its budget: baselines and rates', () => {
  const failures = [
    ['unreachable', () => new StoreUnavailable('unreachable')],
    ['over its budget', () => new StoreUnavailable('timeout')],
    ['full', () => new StoreUnavailable('full')],
    ['broken in a way that nobody foresaw', () => new TypeError('bug')],
  ] as const

  test.each(
    failures,
  )('%s: low and medium go on with local state, and say so everywhere', async (_, error) => {
    const meter = fakeMeter()
    const app = await openTestApp(settings(), { store: storeThatFails(error), meter })
    for (const sensitivity of LOW) {
      const { decision, answer } = await ask(app, sensitivity)
      expect(decision).toMatchObject({ effect: 'allow', degraded: DEGRADED })
      expect(answer.metadata['degraded']).toEqual(DEGRADED)
      expect('setHeaders' in answer && answer.setHeaders).toContainEqual([
        'x-vigil-degraded',
        DEGRADED.join(),
      ])
    }
    expect(meter.counts['vigil_checks_degraded_total{input=store}']).toBe(2)
  })

  test.each(failures)('%s: high and critical are 503', async (_, error) => {
    const app = await openTestApp(settings(), { store: storeThatFails(error) })
    for (const sensitivity of HIGH)
      expectUnavailable(await ask(app, sensitivity), 'history.store.unavailable')
  })

  test('the configuration moves the border', async () => {
    const failure = { store: { low: 'unavailable', critical: 'degrade' } }
    const app = await openTestApp(settings({ failure }), { store: lost() })
    expectUnavailable(await ask(app, 'low'), 'history.store.unavailable')
    expect((await ask(app, 'medium')).decision).toMatchObject({ effect: 'allow' })
    expect((await ask(app, 'critical')).decision).toMatchObject({ effect: 'step-up', degraded: DEGRADED })
  })
})

const signer = makeSigner('ES256')
let proofs = 0
const proved = async (sensitivity: Sensitivity, nonce?: string) => {
  const { jkt } = await signer
  const token = mintAccessToken({ claims: { cnf: { jkt } } })
  const claims = {
    jti: `proof ${++proofs}`,
    htm: 'GET',
    htu: `${AUDIENCE}/v1/${sensitivity}`,
    iat: NOW,
    ath: athOf(token),
    nonce,
  }
  return { authorization: `DPoP ${token}`, dpop: signProof(await signer, { claims }) }
}

row('the replay store is unreachable', () => {
  const nonceFrom = async (app: TestApp) => {
    const { decision, answer } = await app.decide(checkOf('low', await proved('low')))
    expect(decision).toMatchObject({ effect: 'deny', failure: 'identity.dpop.nonce-required' })
    expect(answer).toMatchObject({ status: 401 })
    expect(headerOf(answer, 'www-authenticate')).toContain('error="use_dpop_nonce"')
    return headerOf(answer, 'dpop-nonce') ?? ''
  }

  test('low and medium: without a nonce one is asked for, with a fresh one the proof passes once', async () => {
    const app = await openTestApp(settings(), { store: lost() })
    const nonce = await nonceFrom(app)
    for (const sensitivity of LOW) {
      const headers = await proved(sensitivity, nonce)
      const first = await app.decide(checkOf(sensitivity, headers))
      expect(first.decision).toMatchObject({ effect: 'allow', degraded: [...DEGRADED, 'replay'] })
      const again = await app.decide(checkOf(sensitivity, headers))
      expect(again.decision).toMatchObject({ effect: 'deny', failure: 'identity.dpop.replayed' })
    }
  })

  test.each([
    [30, { effect: 'allow' }],
    [31, { effect: 'deny', failure: 'identity.dpop.nonce-required' }],
  ])('a nonce of %i seconds: %j', async (seconds, expected) => {
    const app = await openTestApp(settings(), { store: lost() })
    const nonce = await nonceFrom(app)
    const atMs = NOW_MS + 1000 + seconds * 1000
    const { decision } = await app.decide(checkOf('low', await proved('low', nonce), { atMs }))
    expect(decision).toMatchObject(expected)
  })

  test('high and critical: 503, with a fresh nonce and without', async () => {
    const app = await openTestApp(settings(), { store: lost() })
    const nonce = await nonceFrom(app)
    for (const sensitivity of HIGH) {
      for (const given of [nonce, undefined]) {
        const outcome = await app.decide(checkOf(sensitivity, await proved(sensitivity, given)))
        expectUnavailable(outcome, 'history.replay.unavailable')
      }
    }
  })

  test('the configuration moves the border', async () => {
    const failure = { replay: { low: 'unavailable' }, store: { low: 'degrade' } }
    const app = await openTestApp(settings({ failure }), { store: lost() })
    expectUnavailable(await app.decide(checkOf('low', await proved('low'))), 'history.replay.unavailable')
  })
})

row('the store may have lost uses: another primary, an emptied or an older memory', () => {
  test('a proof that was made later passes as always', async () => {
    const clock = { nowMs: () => NOW_MS + 1000, monotonicMs: () => 0 }
    const store = createMemoryStore({ maxEntries: 100, clock, startedAtMs: NOW_MS })
    const app = await openTestApp(settings(), { store })
    for (const sensitivity of ALL) {
      const { decision } = await app.decide(checkOf(sensitivity, await proved(sensitivity)))
      expect(decision).not.toMatchObject({ effect: 'unavailable' })
      expect('failure' in decision).toBe(false)
    }
  })

  test('a fresh nonce is asked for, whatever is at stake, and the proof with it counts in full', async () => {
    const clock = { nowMs: () => NOW_MS + 1000, monotonicMs: () => 0 }
    const store = createMemoryStore({ maxEntries: 100, clock, startedAtMs: NOW_MS + 1 })
    const app = await openTestApp(settings(), { store })
    for (const sensitivity of ALL) {
      const asked = await app.decide(checkOf(sensitivity, await proved(sensitivity)))
      const failure = 'identity.dpop.nonce-required'
      expect(asked.decision).toMatchObject({ effect: 'deny', failure, degraded: [] })
      const nonce = headerOf(asked.answer, 'dpop-nonce')
      const given = await app.decide(checkOf(sensitivity, await proved(sensitivity, nonce)))
      expect(given.decision).toMatchObject({ degraded: [] })
      expect(given.decision.reasons).not.toContain(failure)
      expect(given.answer.effect).not.toBe('unavailable')
    }
  })
})
