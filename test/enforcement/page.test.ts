import { describe, expect, test } from '@jest/globals'
import type { Decision } from '../../src/model.ts'
import { DECISION_BASE, ID, identified, sampleCheck } from '../support/edge-samples.ts'
import { answer, deny } from './answering.ts'

const CASES: readonly [string, Decision, number][] = [
  ['no credential', deny('identity.credential.missing'), 401],
  ['malformed', deny('check.request.path'), 400],
  ['scope', deny('policy.scope.insufficient', ['orders.write']), 403],
  ['policy', deny('policy.rule.denied'), 403],
  ['too large', deny('check.request.oversized'), 413],
  ['throttle', { ...DECISION_BASE, effect: 'throttle', retryAfterSeconds: 9 }, 429],
  [
    'own fault',
    { ...DECISION_BASE, effect: 'unavailable', failure: 'check.fault.unexpected', retryAfterSeconds: 1 },
    503,
  ],
  ['step-up', { ...DECISION_BASE, effect: 'step-up', unmet: { acr: ['phr'] }, marksChallenge: true }, 401],
]

describe.each(['html', 'navigation'] as const)('%s', (form) => {
  test.each(CASES)('%s: a page for a person', (_what, decision, status) => {
    const made = answer(decision, identified(), sampleCheck({ form }))
    const headers = new Map(made.headers)
    expect(made.status).toBe(status)
    expect(headers.get('content-type')).toBe('text/html; charset=utf-8')
    expect(headers.get('content-security-policy')).toMatch(/^default-src 'none';.*frame-ancestors 'none'$/)
    expect(headers.get('cache-control')).toBe('no-store')
    expect(headers.get('x-content-type-options')).toBe('nosniff')
    expect(headers.get('referrer-policy')).toBe('no-referrer')
    expect(made.body).toMatch(/<h1>[A-Z][a-z]+ /)
    expect(made.body).toMatch(/^<!doctype html>/)
    expect(made.body).toContain(`<code>${ID}</code>`)
    expect(made.body).toMatch(/<p>[A-Z].*\.<\/p>/)
    expect(made.body.length).toBeLessThan(1500)
    for (const told of ['<script', 'http:', 'https:', 'src=', 'href=', 'secret', 'orders.write', 'phr'])
      expect(made.body).not.toContain(told)
  })

  test('the challenge and the wait go with it', () => {
    const headersOf = (decision: Decision) =>
      answer(decision, identified(), sampleCheck({ form })).headers.map(([name]) => name)
    expect(headersOf(deny('identity.token.expired'))).toContain('www-authenticate')
    expect(headersOf({ ...DECISION_BASE, effect: 'throttle', retryAfterSeconds: 9 })).toContain('retry-after')
  })

  test('whatever the id is, it is no markup', () => {
    const check = sampleCheck({ form, id: `"'><script>&` })
    expect(answer(deny('policy.rule.denied'), identified(), check).body).toContain(
      '<code>&quot;&#39;&gt;&lt;script&gt;&amp;</code>',
    )
  })
})

test.each(CASES)('plain text: %s', (_what, decision, status) => {
  const made = answer(decision, identified(), sampleCheck({ form: 'text' }))
  expect(made.status).toBe(status)
  expect(new Map(made.headers).get('content-type')).toBe('text/plain; charset=utf-8')
  expect(made.body).toMatch(/^[A-Z][^\n]*\nDecision: [0-9a-f-]{36}\n$/)
})
