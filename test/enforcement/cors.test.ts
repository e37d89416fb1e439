import { describe, expect, test } from '@jest/globals'
import { enforcementSettings } from '../../src/config/schema/enforcement.ts'
import { identitySettings } from '../../src/config/schema/identity.ts'
import { compileEnforcement, enforce } from '../../src/enforcement/index.ts'
import { ALLOW, identified, sampleCheck } from '../support/edge-samples.ts'
import { deny } from './answering.ts'

const APP = 'https://app.example.com'
const configOf = (cors: object) =>
  compileEnforcement(enforcementSettings.parse({ cors }), identitySettings.parse({}))

function corsOf(cors: object, headers: Record<string, string>, decision = deny('policy.rule.denied')) {
  const answer = enforce(decision, sampleCheck({}, headers), identified(), 'low', undefined, configOf(cors))
  const pairs = 'status' in answer ? answer.headers : answer.responseHeaders
  return pairs.filter(([name]) => name === 'vary' || /^access-control-allow/.test(name))
}

describe('a script of a configured origin can read a refusal', () => {
  test('the origin is named', () => {
    expect(corsOf({ origins: [APP] }, { origin: APP })).toEqual([
      ['vary', 'Origin'],
      ['access-control-allow-origin', APP],
    ])
  })

  test('with credentials where configured', () => {
    expect(corsOf({ origins: [APP], credentials: true }, { origin: APP })).toEqual([
      ['vary', 'Origin'],
      ['access-control-allow-origin', APP],
      ['access-control-allow-credentials', 'true'],
    ])
  })

  test.each(['https://evil.example.com', 'null', '*', `${APP},${APP}`, ''])('not for %j', (origin) => {
    expect(corsOf({ origins: [APP], credentials: true }, { origin })).toEqual([['vary', 'Origin']])
  })

  test('a cache is told that it depends on the origin also when none was sent', () => {
    expect(corsOf({ origins: [APP] }, {})).toEqual([['vary', 'Origin']])
  })

  test('nothing is said where no origin is configured', () => {
    expect(corsOf({}, { origin: APP })).toEqual([])
  })

  test('what passes gets the headers of the application, not ours', () => {
    expect(corsOf({ origins: [APP] }, { origin: APP }, ALLOW)).toEqual([])
  })
})
