import { describe, expect, test } from '@jest/globals'
import { compileCondition } from '../../src/policy/condition.ts'
import { Scope, type Verdict } from '../../src/policy/engine.ts'
import type { Vocabulary } from '../../src/policy/variable.ts'
import { assessment, check, credential, facts, type Given, past, subject } from './fixtures.ts'

const vocabulary: Vocabulary = {
  actions: ['transfer-funds', 'unknown'],
  issuers: ['https://idp.example.com'],
  claims: ['roles', 'accounts', 'level', 'address', 'absent', 'constructor', 'when', 'flag'],
  posture: ['managed', 'patch'],
  headers: ['x-region', 'x-other'],
  params: ['account', 'rest'],
}

function evaluate(when: string | boolean, given: Given = {}): Verdict {
  const compiled = compileCondition(when, vocabulary)
  if (!compiled.ok) throw new Error(JSON.stringify(compiled.problems))
  return compiled.test(
    new Scope({
      check: given.check ?? check(),
      subject: given.subject ?? subject(),
      facts: given.facts ?? facts(),
      past: given.past ?? past(),
      assessment: given.assessment ?? assessment('low', ['risk.new-device.first', 'risk.new-network.first']),
      headers: new Set(vocabulary.headers),
    }),
  )
}

describe('every variable can be read', () => {
  test.each([
    'request.method == "POST"',
    'request.authority == "api.example.com:8443"',
    'request.host == "api.example.com"',
    'request.path.startsWith("/v1/accounts/")',
    'request.path.endsWith("transfers") && request.path.contains("/42/")',
    'request.scheme == "https" && request.protocol == "HTTP/2"',
    'request.headers["x-region"] == "eu,us"',
    'subject.state == "identified" && subject.kind == "user"',
    'subject.issuer == "https://idp.example.com" && subject.id == "alice"',
    'subject.tenant == "acme" && subject.client == "app" && subject.session == "s1"',
    '"payments.write" in subject.scopes',
    'subject.acr == "mfa" && "otp" in subject.amr',
    'now - subject.auth_time == duration("100s")',
    'now - subject.issued_at < duration("1m")',
    'subject.auth_time < now && now == timestamp("2026-11-23T12:00:00Z")',
    'subject.binding.state == "verified" && "dpop" in subject.binding.methods && subject.binding.required',
    '"admin" in subject.claims.roles && subject.claims.level >= 3 && subject.claims.level == 3',
    'subject.claims.address.country == "DE"',
    'subject.claims["address"]["country"].matches("^[A-Z]{2}$")',
    'facts.entrypoint == "gateway" && facts.address.ip == "192.0.2.7" && !facts.address.untrusted',
    'facts.device.id == "d1" && !facts.device.attested',
    'past.seen == 25 && past.session_seen == 4 && past.requests_per_minute <= 7',
    'past.seen + 5 == 30 && past.seen / 10 == 2',
    'now - past.first_seen == duration("24h")',
    'action.name == "transfer-funds" && action.sensitivity == "low" && action.known',
    'action.params.account in subject.claims.accounts',
    'assessment.score < 0.5 && assessment.level == "low"',
    '"risk.new-device.first" in assessment.findings && size(assessment.findings) == 2',
    'assessment.findings.exists(f, f.startsWith("risk.new-"))',
    'subject.scopes.all(s, s.startsWith("payments."))',
    'action.sensitivity in ["low", "medium"]',
    'subject.id != "bob" && subject.id != subject.client',
    'subject.tenant == "acme" ? subject.acr == "mfa" : false',
    'subject.claims == subject.claims && size(subject.claims) == 4',
    'subject.claims.exists(name, name == "level")',
    '"level" in subject.claims && !("absent" in subject.claims)',
    'type(subject.id) == string && type(now) == google.protobuf.Timestamp',
    'true',
    'has(subject.acr) && has(subject.claims.level) && has(request.headers) && !has(subject.claims.absent)',
  ])('%s', (when) => expect(evaluate(when)).toBe(true))

  test.each([
    'past.requests_per_minute == 7',
    'past.requests_per_minute <= 7 && !(past.requests_per_minute > 7)',
    'past.requests_per_minute in [7]',
    'past.requests_per_minute + 0 == 7',
    'past.requests_per_minute % 7 == 0',
  ])('7.9 requests a minute are 7, with the short cuts and with the engine: %s', (when) => {
    expect(evaluate(when, { past: past({ requestsPerMinute: 7.9 }) })).toBe(true)
  })

  test('yes and no of YAML', () => {
    expect(evaluate(true)).toBe(true)
    expect(evaluate(false)).toBe(false)
  })

  test('an IPv6 host keeps its brackets', () => {
    const given = { check: check({ authority: '[2001:db8::1]:8443' }) }
    expect(evaluate('request.host == "[2001:db8::1]"', given)).toBe(true)
  })

  test('a header that is not listed is not there, even by a computed name', () => {
    const given = { subject: subject({ claims: { level: 'x-secret' } }) }
    expect(evaluate('request.headers[subject.claims.level] == "s"', given)).toBe('unknown')
    expect(evaluate('"s" in request.headers.map(h, request.headers[h])')).toBe(false)
  })
})

const { acr: _acr, authTime: _authTime, client: _client, ...bare } = credential({ claims: {} })
const poor: Given = {
  check: check({ headers: new Map() }),
  subject: subject({}, { credential: bare }),
  facts: facts({ params: {} }, { address: { isUntrusted: false }, device: { isAttested: false } }),
  past: { shown: {}, limits: [], proof: 'none', hop: 'none', degraded: ['store'] },
}

describe('what is missing is unknown', () => {
  test.each([
    'subject.acr == "mfa"',
    'subject.acr != "mfa"',
    '"mfa" == subject.acr',
    'subject.acr == subject.client',
    'subject.acr in ["mfa"]',
    '!(subject.acr == "mfa")',
    'subject.client.startsWith("a")',
    'now - subject.auth_time > duration("1s")',
    'timestamp(subject.auth_time) < now',
    '"admin" in subject.claims.roles',
    'subject.claims.roles.exists(r, r == "admin")',
    'subject.scopes.exists(s, s == subject.claims.absent)',
    'subject.claims.level > 1',
    'subject.claims.level + 1.0 > 1.0',
    'subject.claims.flag',
    'subject.claims.address.country == "DE"',
    'has(subject.claims.address.country)',
    'subject.claims.constructor == "x"',
    'request.headers["x-region"] == "eu"',
    'action.params.account in subject.claims.accounts',
    'action.params.account == "42"',
    'facts.address.ip == "192.0.2.7"',
    'facts.device.id == "d1"',
    'past.seen < 5',
    'past.session_seen < 5',
    'past.first_seen < now',
    'past.requests_per_minute > 100',
    'subject.acr == "mfa" ? true : false',
    'subject.acr == "mfa" && true',
    'subject.acr == "mfa" || false',
    'true && subject.acr == "mfa" && subject.client == "x"',
  ])('%s', (when) => expect(evaluate(when, poor)).toBe('unknown'))

  test.each([
    ['subject.acr == "mfa" && false', false],
    ['false && subject.acr == "mfa"', false],
    ['subject.acr == "mfa" || true', true],
    ['true || subject.acr == "mfa"', true],
    ['subject.acr == "mfa" && subject.id == "bob"', false],
    ['has(subject.acr) && subject.acr == "mfa"', false],
    ['!has(subject.acr) || subject.acr == "mfa"', true],
    ['has(subject.claims.roles)', false],
    ['has(request.headers.other)', 'refused'],
    ['true ? true : subject.acr == "mfa"', true],
  ])('%s is %s', (when, expected) => {
    if (expected === 'refused') expect(() => evaluate(when, poor)).toThrow('not declared')
    else expect(evaluate(when, poor)).toBe(expected)
  })

  test('a member that a claim lacks is unknown, a JSON null is there', () => {
    const given = { subject: subject({ claims: { address: {}, level: null } }) }
    expect(evaluate('subject.claims.address.country == "DE"', given)).toBe('unknown')
    expect(evaluate('subject.claims.level == null', given)).toBe(true)
    expect(evaluate('subject.claims.level == 3', given)).toBe(false)
    expect(evaluate('has(subject.claims.level)', given)).toBe(true)
    expect(evaluate('subject.claims.address.constructor == subject.claims.address', given)).toBe('unknown')
  })

  test('a subject that was never seen has a count of 0; an unreadable or anonymous one has none', () => {
    const { profile: _profile, session: _session, ...fresh } = past()
    expect(evaluate('past.seen == 0 && past.session_seen == 0', { past: fresh })).toBe(true)
    expect(evaluate('past.seen == 0', { past: { ...fresh, degraded: ['store'] } })).toBe('unknown')
    expect(evaluate('past.seen == 0', { past: fresh, subject: { state: 'anonymous' } })).toBe('unknown')
  })

  test('ACT-01 subject and actor are two; ACT-02 whoever acted before cannot be read', () => {
    const issuer = 'https://agents.example'
    const priorActors = [{ subject: 'planner' }]
    const given: Given = {
      subject: subject({ kind: 'agent', actor: { issuer, subject: 'assistant' }, priorActors }),
    }
    const when = `subject.id == "alice" && subject.actor.id == "assistant" && subject.actor.issuer == "${issuer}"`
    expect(evaluate(when, given)).toBe(true)
    const own: Given = { subject: subject({ actor: { subject: 'assistant' } }) }
    expect(evaluate('subject.actor.issuer == subject.issuer', own)).toBe(true)
    expect(evaluate('has(subject.actor.id)')).toBe(false)
    expect(evaluate('subject.actor.issuer == "x"')).toBe('unknown')
    expect(compileCondition('subject.actor.act.id == "planner"', vocabulary).ok).toBe(false)
    expect(compileCondition('size(subject.priorActors) > 0', vocabulary).ok).toBe(false)
  })

  test('of an anonymous caller only the state is known', () => {
    const given: Given = { subject: { state: 'anonymous' } }
    expect(evaluate('subject.state == "anonymous"', given)).toBe(true)
    expect(evaluate('subject.tenant == "acme"', given)).toBe('unknown')
    expect(evaluate('subject.binding.required', given)).toBe('unknown')
    expect(evaluate('has(subject.claims.level)', given)).toBe(false)
  })
})

describe('macros', () => {
  const error = '1 / (past.seen - 25) > 0'
  const unknown = 'subject.claims.absent == 1'
  test.each<[string, Verdict]>([
    ['subject.scopes.exists(s, s == "payments.read")', true],
    ['subject.scopes.exists(s, s == "x")', false],
    ['subject.scopes.all(s, s.startsWith("payments."))', true],
    ['subject.scopes.all(s, s == "payments.read")', false],
    ['[].exists(x, true)', false],
    ['[].all(x, false)', true],
    ['subject.claims.absent.exists(x, true)', 'unknown'],
    ['subject.claims.level.exists(x, true)', 'error'],
    [`subject.scopes.exists(s, ${unknown} || s == "payments.write")`, true],
    [`subject.scopes.all(s, ${unknown} && s == "payments.write")`, false],
    [`subject.scopes.exists(s, ${unknown})`, 'unknown'],
    [`subject.scopes.all(s, ${unknown})`, 'unknown'],
    [`subject.scopes.exists(s, ${unknown} && ${error})`, 'error'],
    [`subject.scopes.all(s, s == "payments.read" ? ${error} : ${unknown})`, 'error'],
    [`subject.scopes.exists(s, s == "payments.read" ? ${unknown} : ${error})`, 'error'],
    ['subject.scopes.exists(s, s)', 'error'],
    ['subject.scopes.exists(s, subject.claims.roles.all(r, r != s))', true],
    ['subject.scopes.exists(subject, subject == "payments.read")', true],
    ['subject.scopes.exists(action, action == "low" && facts.entrypoint == "gateway")', false],
    ['[{"id": "x"}].exists(subject, subject.id == "x")', true],
    ['subject.scopes.exists_one(s, s.endsWith("read"))', true],
    ['subject.scopes.filter(s, s.endsWith("read")) == ["payments.read"]', true],
    ['{"a": 1, "b": 2}.all(k, k in ["a", "b"])', true],
    [`dyn(${unknown} && ${error})`, 'error'],
  ])('%s is %s', (when, expected) => expect(evaluate(when)).toBe(expected))

  test('a claim that holds a time as the macro goes over it', () => {
    expect(evaluate('[now].exists(t, t > subject.auth_time)')).toBe(true)
  })
})

describe('anything else that goes wrong is an error', () => {
  test.each([
    '1 / (past.seen - 25) > 0',
    'int(subject.id) > 1',
    'subject.claims.roles + 1 == 2',
    'subject.claims.roles > 1',
    'subject.claims.level',
    'subject.claims.roles[7] == "admin"',
    'subject.claims.roles.name == "x"',
    'subject.claims.level.startsWith("x")',
    '!subject.claims.level',
    'subject.claims.level && true',
    '"x" in subject.claims.level',
    'subject.claims.level ? true : false',
    'subject.id.matches(subject.claims.address.country + "[")',
  ])('%s', (when) => expect(evaluate(when)).toBe('error'))

  test('an error beside something missing stays an error, in any order', () => {
    const error = '1 / (past.session_seen - past.session_seen) > 0'
    const unknown = 'subject.claims.absent == 1'
    for (const [a, b, c] of [
      [error, unknown, unknown],
      [unknown, error, unknown],
      [unknown, unknown, error],
    ]) {
      expect(evaluate(`${a} && ${b} && ${c}`)).toBe('error')
      expect(evaluate(`${a} || ${b} || ${c}`)).toBe('error')
      expect(evaluate(`${a} && ${b} && ${c} && false`)).toBe(false)
      expect(evaluate(`${a} || ${b} || ${c} || true`)).toBe(true)
    }
  })
})
