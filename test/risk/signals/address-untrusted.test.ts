import { expect, test } from '@jest/globals'
import signal from '../../../src/risk/signals/address-untrusted.ts'
import { checkOf, factsOf, identified, pastOf } from '../../support/check-of.ts'

const evaluate = (isUntrusted: boolean, written: object = {}) =>
  signal.evaluate(
    {
      check: checkOf(),
      subject: identified(),
      facts: factsOf({ address: { ip: '203.0.113.9', isUntrusted } }),
      past: pastOf(),
    },
    signal.settings.parse(written),
  )

test.each([
  ['the chain is as configured', false, {}, []],
  ['it is not', true, {}, [{ reason: 'chain', nats: 1.5 }]],
  ['and that counts more here', true, { nats: 3 }, [{ reason: 'chain', nats: 3 }]],
])('%s', (_, isUntrusted, written, expected) => {
  expect(evaluate(isUntrusted, written)).toEqual(expected)
})
