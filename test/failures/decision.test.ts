/** The rows of what a decision is made of: conditions, signals, and what is known of networks. */
import { expect, jest, test } from '@jest/globals'
import { createOpenPlaces } from '../../src/context/index.ts'
import type { Sensitivity } from '../../src/model.ts'
import { silentLog } from '../../src/ports.ts'
import tokenAge from '../../src/risk/signals/token-age.ts'
import { openTestApp } from '../harness/app.ts'
import { NOW_MS } from '../harness/tokens.ts'
import { fakeMeter } from '../store/fakes.ts'
import { ALL, atEnd, bearer, checkOf, row, settings } from './rows.ts'

row('the condition of a rule cannot be evaluated', () => {
  const ruled = (effect: string, extra: Record<string, unknown> = {}) =>
    settings({ policy: [{ name: 'errs', when: 'int(subject.claims.level) > 3', effect, ...extra }] })
  const many = (sensitivity: Sensitivity) => checkOf(sensitivity, bearer({ level: 'many' }))

  test.each([
    'allow',
    'monitor',
    'step-up',
    'throttle',
    'deny',
  ])('a rule with effect %s denies', async (effect) => {
    const app = await openTestApp(ruled(effect))
    for (const sensitivity of ALL) {
      const { decision, answer } = await app.decide(many(sensitivity))
      expect(decision).toMatchObject({ effect: 'deny', failure: 'policy.rule.error', rule: 'errs' })
      expect(answer).toMatchObject({ effect: 'deny', status: 403 })
    }
    const four = await app.decide(checkOf('low', bearer({ level: '4' })))
    expect(four.decision).not.toMatchObject({ failure: 'policy.rule.error' })
  })

  test('in shadow it only says so', async () => {
    const app = await openTestApp(ruled('deny', { shadow: true }))
    expect((await app.decide(many('low'))).decision).toMatchObject({
      effect: 'allow',
      shadow: [{ rule: 'errs', effect: 'deny', outcome: 'error' }],
    })
  })
})

row('a signal fails', () => {
  test.each(ALL)('%s: its finding is absent, counted and told; the others count', async (sensitivity) => {
    const failing = jest.spyOn(tokenAge, 'evaluate').mockImplementation(() => {
      throw new TypeError('bug')
    })
    atEnd(() => failing.mockRestore())
    const meter = fakeMeter()
    const app = await openTestApp(settings(), { atMs: NOW_MS + 1000, meter })
    const { stages, decision, answer } = await app.decide(checkOf(sensitivity, bearer()))
    expect(stages?.assessment).toMatchObject({ failed: ['token-age'], level: 'low' })
    expect(decision.degraded).toEqual(['signal:token-age'])
    expect(answer.metadata['degraded']).toEqual(['signal:token-age'])
    expect(meter.counts['vigil_signal_errors_total{signal=token-age}']).toBe(1)
    expect(meter.counts['vigil_checks_degraded_total{input=signal:token-age}']).toBe(1)
  })
})

row('the data that tell country, ASN or city of an address are missing or broken', () => {
  const data = { data: 'none', countryFile: 'no-such.mmdb', asnFile: import.meta.filename }
  const ruled = settings({
    context: { network: data },
    policy: [{ name: 'abroad', when: 'facts.network.country != "DE"', effect: 'deny', whenUnknown: 'skip' }],
  })

  test.each(ALL)('%s: the fact is missing, and nothing else follows from it', async (sensitivity) => {
    const meter = fakeMeter()
    const openPlaces = createOpenPlaces({ meter, log: silentLog })
    const app = await openTestApp(ruled, { atMs: NOW_MS + 1000, openPlaces })
    const { stages, decision } = await app.decide(checkOf(sensitivity, bearer()))
    expect(stages?.facts.network).toEqual({
      country: undefined,
      asn: undefined,
      class: 'unknown',
      city: undefined,
    })
    expect(decision.effect).not.toMatch(/deny|unavailable/)
    expect(decision.degraded).toEqual([])
    expect(meter.counts['vigil_network_data_missing{what=country}']).toBe(1)
    expect(meter.counts['vigil_network_data_missing{what=asn}']).toBe(1)
  })
})
