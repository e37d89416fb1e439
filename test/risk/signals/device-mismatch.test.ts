import { describe, expect, test } from '@jest/globals'
import type { Facts, Subject } from '../../../src/model.ts'
import signal from '../../../src/risk/signals/device-mismatch.ts'
import { checkOf, credentialOf, factsOf, identified, pastOf } from '../../support/check-of.ts'

const named = (device: string) => identified(credentialOf({ device }))
const claimed = (id: string, isAttested = false): Partial<Facts> => ({ device: { id, isAttested } })

const evaluate = (subject: Subject, facts: Partial<Facts>, written: object = {}) =>
  signal.evaluate(
    { check: checkOf(), subject, facts: factsOf(facts), past: pastOf() },
    signal.settings.parse(written),
  )

describe('quiet', () => {
  const table: [string, Subject, Partial<Facts>][] = [
    ['the same device', named('d1'), claimed('d1')],
    ['the token names none', identified(), claimed('d1')],
    ['the header is missing', named('d1'), {}],
    ['both are missing', identified(), {}],
    ['nobody is identified', { state: 'anonymous' }, claimed('d1')],
    ['the credential was refused', { state: 'refused', failure: 'identity.token.expired' }, claimed('d1')],
  ]
  test.each(table)('%s', (_, subject, facts) => {
    expect(evaluate(subject, facts)).toEqual([])
  })
})

describe('findings', () => {
  const table: [string, Subject, Partial<Facts>, object, number][] = [
    ['another device', named('d1'), claimed('d2'), {}, 6],
    ['another attested device', named('d1'), claimed('d2', true), {}, 6],
    ['another case', named('d1'), claimed('D1'), {}, 6],
    ['with less weight', named('d1'), claimed('d2'), { nats: 2.5 }, 2.5],
  ]
  test.each(table)('%s', (_, subject, facts, written, nats) => {
    expect(evaluate(subject, facts, written)).toEqual([{ reason: 'other', nats }])
  })

  test('neither device id is told', () => {
    expect(JSON.stringify(evaluate(named('secret-1'), claimed('secret-2')))).not.toContain('secret')
  })
})
