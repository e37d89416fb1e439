import { describe, expect, test } from '@jest/globals'
import type { Past, Requirement } from '../../src/model.ts'
import { challengeOf, unmetOf } from '../../src/policy/step-up.ts'
import { credential, NOW, NOW_MS, past, profile, session } from './fixtures.ts'

const { acr: _acr, authTime: _authTime, ...bare } = credential()
const login = (ago: number, acr = 'mfa') => ({ ...bare, authTime: NOW - ago, acr })
const fresh: Requirement = { maxAgeSeconds: 300 }
const both: Requirement = { acr: ['phr', 'mfa'], maxAgeSeconds: 300 }

describe('a requirement', () => {
  test.each<[string, Requirement, ReturnType<typeof login> | typeof bare, number, Requirement | undefined]>([
    ['nothing required', {}, bare, 0, undefined],
    ['SU-05 second acr of the list', both, login(1), 0, undefined],
    ['SU-05 no order between words', { acr: ['2'] }, login(1, '3'), 0, { acr: ['2'] }],
    ['SU-04 acr missing', { acr: ['mfa'] }, bare, 0, { acr: ['mfa'] }],
    ['SU-03 auth_time missing, issued a moment ago', fresh, { ...bare, issuedAt: NOW }, 0, fresh],
    ['SU-03 age one second below', fresh, login(299), 0, undefined],
    ['SU-03 age exact', fresh, login(300), 0, undefined],
    ['SU-03 age a millisecond above', fresh, login(300), 1, fresh],
    ['SU-03 age one second above', fresh, login(301), 0, fresh],
    ['SU-03 a clock that runs a minute ahead', fresh, login(-60), 0, undefined],
    ['SU-03 a login in the future', fresh, login(-61), 0, fresh],
    ['SU-06 both unmet', both, login(301, 'pwd'), 0, both],
    ['SU-06 only acr unmet', both, login(1, 'pwd'), 0, { acr: ['phr', 'mfa'] }],
  ])('%s', (_name, required, given, laterMs, expected) => {
    expect(unmetOf(required, given, NOW_MS + laterMs)).toEqual(expected)
  })
})

const challenged = (sessionMs: number | undefined, profileMs?: number): Past =>
  past({
    session: session(sessionMs === undefined ? {} : { challengedAtMs: sessionMs }),
    profile: profile(profileMs === undefined ? {} : { challengedAtMs: profileMs }),
  })
const at = NOW_MS - 10_000
const now = { maxAgeSeconds: 0 }

describe('a step-up wants a login after its challenge', () => {
  test.each<[string, Requirement, typeof bare, Past, ReturnType<typeof challengeOf>]>([
    [
      'never challenged: a token just after a login does not count',
      fresh,
      login(1),
      challenged(undefined),
      { unmet: now, marksChallenge: true },
    ],
    [
      'never challenged, nothing known at all',
      fresh,
      login(1),
      { shown: {}, limits: [], proof: 'none', hop: 'none', degraded: [] },
      { unmet: now, marksChallenge: true },
    ],
    [
      'never challenged and acr unmet',
      both,
      login(1, 'pwd'),
      challenged(undefined),
      { unmet: { acr: ['phr', 'mfa'], maxAgeSeconds: 0 }, marksChallenge: true },
    ],
    [
      'a login one second before the challenge',
      fresh,
      login(11),
      challenged(at),
      { unmet: now, marksChallenge: false },
    ],
    [
      'a login in the second of the challenge could be older',
      fresh,
      login(10),
      challenged(at),
      { unmet: now, marksChallenge: false },
    ],
    [
      'the same, challenged late in that second',
      fresh,
      login(10),
      challenged(at + 999),
      { unmet: now, marksChallenge: false },
    ],
    ['a login one second after the challenge', fresh, login(9), challenged(at), undefined],
    [
      'a login one second after a challenge late in its second',
      fresh,
      login(9),
      challenged(at + 999),
      undefined,
    ],
    ['no auth_time', fresh, bare, challenged(at), { unmet: now, marksChallenge: false }],
    [
      'a login in the future answers nothing',
      fresh,
      login(-61),
      challenged(at),
      { unmet: now, marksChallenge: false },
    ],
    ['a login that opened a new session counts', fresh, login(9), challenged(undefined, at), undefined],
    [
      'the later of two challenges counts',
      fresh,
      login(9),
      challenged(at, NOW_MS - 8000),
      { unmet: now, marksChallenge: false },
    ],
    [
      'the later of two challenges counts, the other way',
      fresh,
      login(9),
      challenged(NOW_MS - 8000, at),
      { unmet: now, marksChallenge: false },
    ],
    [
      'satisfied once, but too old now: challenged again',
      fresh,
      login(301),
      challenged(NOW_MS - 400_000),
      { unmet: fresh, marksChallenge: true },
    ],
    ['exactly the greatest age', fresh, login(300), challenged(NOW_MS - 400_000), undefined],
    [
      'auth_time with fractions: a login earlier in the second of the challenge',
      fresh,
      login(9.8),
      challenged(at + 500),
      { unmet: now, marksChallenge: false },
    ],
    [
      'auth_time with fractions: a login later in that second',
      fresh,
      login(9.2),
      challenged(at + 500),
      undefined,
    ],
    ['a login an hour after the challenge', fresh, login(1), challenged(NOW_MS - 3_601_000), undefined],
    [
      'a login later than that answers nothing: it may be any login, and stolen just after',
      fresh,
      login(1),
      challenged(NOW_MS - 3_602_000),
      { unmet: now, marksChallenge: true },
    ],
    [
      'a challenge that nobody answered within an hour is made anew',
      fresh,
      login(9000),
      challenged(NOW_MS - 3_600_001),
      { unmet: now, marksChallenge: true },
    ],
    [
      'and not before',
      fresh,
      login(9000),
      challenged(NOW_MS - 3_600_000),
      { unmet: now, marksChallenge: false },
    ],
    [
      'fresh, but with too weak a login: only acr is asked for',
      both,
      login(5, 'pwd'),
      challenged(at),
      { unmet: { acr: ['phr', 'mfa'] }, marksChallenge: false },
    ],
  ])('%s', (_name, required, given, before, expected) => {
    expect(challengeOf(required, given, before, NOW_MS)).toEqual(expected)
  })
})
