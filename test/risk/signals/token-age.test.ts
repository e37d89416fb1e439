import { describe, expect, test } from '@jest/globals'
import type { Subject } from '../../../src/model.ts'
import signal from '../../../src/risk/signals/token-age.ts'
import { AT_MS, checkOf, credentialOf, factsOf, identified, pastOf } from '../../support/check-of.ts'

const aged = (minutes: number) => identified(credentialOf({ issuedAt: AT_MS / 1000 - minutes * 60 }))

const { issuedAt: _issued, expiresAt: _expires, ...withoutTimes } = credentialOf({ kind: 'workload' })

const evaluate = (subject: Subject, written: object = {}) =>
  signal.evaluate(
    { check: checkOf(), subject, facts: factsOf(), past: pastOf() },
    signal.settings.parse(written),
  )

describe('quiet', () => {
  const table: [string, Subject, object][] = [
    ['a fresh token', aged(1), {}],
    ['just at the limit', aged(30), {}],
    ['issued in the future', aged(-10), {}],
    ['below a raised limit', aged(100), { fromMinutes: 120 }],
    ['a time that is no number', aged(Number.NaN), {}],
    ['a workload, which shows no token', identified(withoutTimes), {}],
    ['nobody is identified', { state: 'anonymous' }, {}],
    ['the credential was refused', { state: 'refused', failure: 'identity.token.expired' }, {}],
  ]
  test.each(table)('%s', (_, subject, written) => {
    expect(evaluate(subject, written)).toEqual([])
  })
})

describe('findings', () => {
  const table: [minutes: number, written: object, nats: number][] = [
    [31, {}, 0.0177],
    [60, {}, 0.375],
    [120, {}, 0.75],
    [480, {}, 1.5],
    [100_000, {}, 1.5],
    [10, { fromMinutes: 5, natsPerDoubling: 1 }, 1],
    [60, { natsPerDoubling: 0 }, 0],
  ]
  test.each(table)('%s minutes with %j: %s nats', (minutes, written, nats) => {
    expect(evaluate(aged(minutes), written)).toEqual([
      { reason: 'old', nats: expect.closeTo(nats, 3), detail: { ageMinutes: minutes } },
    ])
  })
})
