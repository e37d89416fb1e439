import { describe, expect, test } from '@jest/globals'
import type { SingleUse } from '../../src/model.ts'
import { check, configOf, credential, decideWith, facts, type Given, NOW, past, subject } from './fixtures.ts'

/** Every case stands under a first rule that allows everything: no rule overrides the gate. */
const ALLOW = { name: 'everything', when: true, effect: 'allow' }
const SHADOW = { name: 'shadow', when: true, effect: 'allow', shadow: true }
const config = configOf([ALLOW])

const proof = (change: Partial<SingleUse> = {}): SingleUse => ({
  kind: 'proof',
  name: 'jti',
  ttlMs: 60_000,
  issuedAtMs: check().atMs - 1000,
  mayRepeat: false,
  ...change,
})
const hop = (ageMs: number): SingleUse => proof({ kind: 'hop', issuedAtMs: check().atMs - ageMs })
const using = (...uses: SingleUse[]) => subject({}, { uses })
const down = { proof: 'unavailable', hop: 'unavailable' } as const
const sensitive = (sensitivity: 'low' | 'medium' | 'high' | 'critical') => facts({ sensitivity })
const { acr: _acr, ...withoutAcr } = credential()
const { authTime: _authTime, ...withoutAuthTime } = credential()
const anonymous = { state: 'anonymous' } as const

type Expected = Readonly<Record<string, unknown>>
const denied = (failure: string): Expected => ({ effect: 'deny', failure, reasons: [failure] })
const unavailable = (failure: string): Expected => ({
  effect: 'unavailable',
  failure,
  reasons: [failure],
  retryAfterSeconds: 1,
})

const shut: readonly [name: string, given: Given, expected: Expected][] = [
  [
    'a malformed request',
    { check: check({ malformed: 'check.request.path' }) },
    denied('check.request.path'),
  ],
  [
    'a refused credential',
    { subject: { state: 'refused', failure: 'identity.token.expired' } },
    denied('identity.token.expired'),
  ],
  [
    'a refused credential where anonymous is allowed: it never becomes anonymous',
    {
      subject: { state: 'refused', failure: 'identity.token.signature' },
      facts: facts({ allowsAnonymous: true }),
    },
    denied('identity.token.signature'),
  ],
  [
    'keys that are not to be had: 503, not the caller’s fault',
    { subject: { state: 'refused', failure: 'identity.keys.unavailable' } },
    unavailable('identity.keys.unavailable'),
  ],
  ['anonymous where it is not allowed', { subject: anonymous }, denied('identity.credential.missing')],
  [
    'a binding that is absent where required',
    {
      subject: subject({}, { binding: { state: 'absent', methods: [], isRequired: true, isCarried: false } }),
    },
    denied('identity.binding.absent'),
  ],
  [
    'a subject in a state that its type forbids',
    { subject: { state: 'unheard-of' } as never },
    unavailable('check.fault.unexpected'),
  ],
  [
    'DPOP-15 a replayed proof',
    { subject: using(proof()), past: past({ proof: 'repeated' }) },
    denied('identity.dpop.replayed'),
  ],
  [
    'a repeated hop',
    { subject: using(hop(100)), past: past({ hop: 'repeated' }) },
    denied('identity.hop.repeated'),
  ],
  [
    'a replayed proof beside a good hop',
    { subject: using(hop(100), proof()), past: past({ hop: 'first', proof: 'repeated' }) },
    denied('identity.dpop.replayed'),
  ],
  [
    'replay store down, high',
    { subject: using(proof({ nonceAgeMs: 10 })), past: past(down), facts: sensitive('high') },
    unavailable('history.replay.unavailable'),
  ],
  [
    'replay store down, critical',
    { subject: using(proof({ nonceAgeMs: 10 })), past: past(down), facts: sensitive('critical') },
    unavailable('history.replay.unavailable'),
  ],
  [
    'replay store down, low, no nonce',
    { subject: using(proof()), past: past(down) },
    denied('identity.dpop.nonce-required'),
  ],
  [
    'replay store down, medium, nonce of 30.001 s',
    { subject: using(proof({ nonceAgeMs: 30_001 })), past: past(down), facts: sensitive('medium') },
    denied('identity.dpop.nonce-required'),
  ],
  [
    'replay store down, hop older than 30 s: the client has no nonce to give for it',
    { subject: using(hop(30_001)), past: past(down) },
    unavailable('history.replay.unavailable'),
  ],
  [
    'a proof from before the primary, high: the client can make a better one',
    {
      subject: using(proof({ nonceAgeMs: 10 })),
      past: past({ proof: 'outdated' }),
      facts: sensitive('high'),
    },
    denied('identity.dpop.nonce-required'),
  ],
  [
    'a proof from before the primary, low, although its nonce is young',
    { subject: using(proof({ nonceAgeMs: 10 })), past: past({ proof: 'outdated' }) },
    denied('identity.dpop.nonce-required'),
  ],
  [
    'a hop from before the primary, high',
    { subject: using(hop(100)), past: past({ hop: 'outdated' }), facts: sensitive('high') },
    unavailable('history.replay.unavailable'),
  ],
  [
    'a proof at which nobody looked is not a first one',
    { subject: using(proof()), past: past({ proof: 'none' }), facts: sensitive('high') },
    unavailable('history.replay.unavailable'),
  ],
  [
    'an unknown action',
    { facts: facts({ isKnown: false, name: 'unknown' }) },
    denied('policy.action.unknown'),
  ],
  [
    'MCP-04 all scopes at once when one is missing',
    { facts: facts({ scopes: ['payments.write', 'payments.admin'] }) },
    { ...denied('policy.scope.insufficient'), scopes: ['payments.write', 'payments.admin'] },
  ],
  [
    'anonymous where scopes are needed: they are named',
    { subject: anonymous, facts: facts({ allowsAnonymous: true, scopes: ['x'] }) },
    { ...denied('identity.credential.missing'), scopes: ['x'] },
  ],
  [
    'no credential for an action with scopes: they are named',
    { subject: anonymous, facts: facts({ scopes: ['x', 'y'] }) },
    { ...denied('identity.credential.missing'), scopes: ['x', 'y'] },
  ],
  [
    'a credential of a kind that is not accepted is told the same',
    {
      subject: { state: 'refused', failure: 'identity.credential.unsupported' },
      facts: facts({ scopes: ['x'] }),
    },
    { ...denied('identity.credential.unsupported'), scopes: ['x'] },
  ],
  [
    'anonymous where a login is needed',
    { subject: anonymous, facts: facts({ allowsAnonymous: true, authentication: { maxAgeSeconds: 9 } }) },
    denied('identity.credential.missing'),
  ],
  [
    'SU-05 acr by exact set, not lexically: only what is unmet is asked for',
    { facts: facts({ authentication: { acr: ['phr', 'mfa2'], maxAgeSeconds: 300 } }) },
    { effect: 'step-up', unmet: { acr: ['phr', 'mfa2'] }, marksChallenge: false },
  ],
  [
    'SU-04 acr missing',
    { subject: subject({}, { credential: withoutAcr }), facts: facts({ authentication: { acr: ['mfa'] } }) },
    { effect: 'step-up', unmet: { acr: ['mfa'] } },
  ],
  [
    'SU-03 auth_time missing: unmet, never iat',
    {
      subject: subject({}, { credential: withoutAuthTime }),
      facts: facts({ authentication: { maxAgeSeconds: 300 } }),
    },
    { effect: 'step-up', unmet: { maxAgeSeconds: 300 } },
  ],
  [
    'SU-03 one second too old',
    { facts: facts({ authentication: { acr: ['mfa'], maxAgeSeconds: 99 } }) },
    { effect: 'step-up', unmet: { maxAgeSeconds: 99 } },
  ],
  [
    'SU-03 one millisecond too old',
    {
      check: check({ atMs: check().atMs + 1 }),
      facts: facts({ authentication: { maxAgeSeconds: 100 } }),
    },
    { effect: 'step-up', unmet: { maxAgeSeconds: 100 } },
  ],
  [
    'SU-03 a login in the future is no login',
    { subject: subject({ authTime: NOW + 61 }), facts: facts({ authentication: { maxAgeSeconds: 300 } }) },
    { effect: 'step-up', unmet: { maxAgeSeconds: 300 } },
  ],
  [
    'SU-06 both unmet',
    { facts: facts({ authentication: { acr: ['phr'], maxAgeSeconds: 1 } }) },
    {
      effect: 'step-up',
      unmet: { acr: ['phr'], maxAgeSeconds: 1 },
      reasons: ['policy.authentication.unmet'],
    },
  ],
  ...(['machine', 'agent', 'workload'] as const).map((kind): (typeof shut)[number] => [
    `SU-09 a ${kind} cannot log in`,
    { subject: subject({ kind }), facts: facts({ authentication: { acr: ['phr'] } }) },
    denied('policy.authentication.impossible'),
  ]),
]

describe('the gate refuses under `when: true, effect: allow`', () => {
  test.each(shut)('%s', (_name, given, expected) => {
    const decision = decideWith(config, given)
    expect(decision).toMatchObject(expected)
    expect(decision.rule).toBeUndefined()
  })

  test.each(shut)('%s, whatever a shadow says', (_name, given, expected) => {
    const decision = decideWith(configOf([SHADOW, ALLOW]), given)
    expect(decision).toMatchObject({ ...expected, shadow: [] })
  })
})

test('scopes are named to who shows no credential, not to who shows a bad one: the token has to change first', () => {
  const refused = { state: 'refused', failure: 'identity.token.expired' } as const
  const given = { facts: facts({ scopes: ['x'] }) }
  expect(decideWith(config, { ...given, subject: anonymous })).toHaveProperty('scopes', ['x'])
  expect(decideWith(config, { ...given, subject: refused })).not.toHaveProperty('scopes')
  expect(decideWith(config, { subject: anonymous, facts: facts() })).not.toHaveProperty('scopes')
})

const open: readonly [name: string, given: Given, degraded: readonly string[]][] = [
  ['nothing special', {}, []],
  ['a first proof', { subject: using(proof()), past: past({ proof: 'first' }) }, []],
  ['Envoy’s retry of one check', { subject: using(proof()), past: past({ proof: 'retry' }) }, []],
  ['a hop’s first use', { subject: using(hop(9000)), past: past({ hop: 'first' }) }, []],
  [
    'replay store down, medium, nonce of exactly 30 s',
    { subject: using(proof({ nonceAgeMs: 30_000 })), past: past(down), facts: sensitive('medium') },
    ['replay'],
  ],
  ['replay store down, low, fresh hop', { subject: using(hop(10_000)), past: past(down) }, ['replay']],
  [
    'replay store down, low, hop of exactly 30 s',
    { subject: using(hop(30_000)), past: past(down) },
    ['replay'],
  ],
  ['replay store down, nothing single-use shown', { past: past(down), facts: sensitive('high') }, []],
  ['all scopes held', { facts: facts({ scopes: ['payments.read', 'payments.write'] }) }, []],
  [
    'SU-03 a login of exactly the greatest age, acr second in the list',
    { facts: facts({ authentication: { acr: ['phr', 'mfa'], maxAgeSeconds: 100 } }) },
    [],
  ],
  ['anonymous where it is allowed', { subject: anonymous, facts: facts({ allowsAnonymous: true }) }, []],
  [
    'an absent binding where none is required',
    {
      subject: subject(
        {},
        { binding: { state: 'absent', methods: [], isRequired: false, isCarried: false } },
      ),
    },
    [],
  ],
  [
    'a machine whose token meets the requirement',
    {
      subject: subject({ kind: 'machine' }),
      facts: facts({ authentication: { acr: ['mfa'] } }),
    },
    [],
  ],
]

describe('the gate lets pass', () => {
  test.each(open)('%s', (_name, given, degraded) => {
    expect(decideWith(config, given)).toEqual({
      effect: 'allow',
      reasons: ['policy.rule.everything'],
      rule: 'everything',
      shadow: [],
      degraded,
    })
  })

  test('an unknown action where unknownAction is evaluate', () => {
    const evaluating = configOf([ALLOW], { unknownAction: { effect: 'evaluate' } })
    const given = { facts: facts({ isKnown: false, name: 'unknown' }) }
    expect(decideWith(evaluating, given)).toMatchObject({ effect: 'allow' })
  })
})

describe('of several refusals the earlier one is told', () => {
  const replayed = { subject: using(proof()), past: past({ proof: 'repeated' }) }
  const action = { isKnown: false, scopes: ['x'], authentication: { acr: ['phr'] } }
  test.each<[string, Given, string]>([
    ['request', { ...replayed, check: check({ malformed: 'check.request.host' }) }, 'check.request.host'],
    ['credential', { subject: anonymous, past: past({ proof: 'repeated' }) }, 'identity.credential.missing'],
    ['single use', { ...replayed, facts: facts(action) }, 'identity.dpop.replayed'],
    ['action', { facts: facts(action) }, 'policy.action.unknown'],
    ['scopes', { facts: facts({ ...action, isKnown: true }) }, 'policy.scope.insufficient'],
  ])('%s', (_name, given, failure) => {
    expect(decideWith(config, given)).toMatchObject({ effect: 'deny', failure })
  })
})

test('the rows of failure.replay are configuration', () => {
  const strict = configOf([ALLOW], { failure: { replay: { low: 'unavailable', high: 'degrade' } } })
  const shown = using(proof({ nonceAgeMs: 0 }))
  expect(decideWith(strict, { subject: shown, past: past(down) })).toMatchObject(
    unavailable('history.replay.unavailable'),
  )
  const high = { subject: shown, past: past(down), facts: sensitive('high') }
  expect(decideWith(strict, high)).toMatchObject({ effect: 'allow', degraded: ['replay'] })
})
