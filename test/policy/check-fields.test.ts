import { describe, expect, test } from '@jest/globals'
import { problemsOf, type RuleInput } from './fixtures.ts'

const problemOf = (when: string, reasons?: readonly string[]) =>
  problemsOf([{ when, effect: 'deny' }], reasons)

/** `word` marks with ^ where the problem must point. */
const wrong: readonly [when: string, at: string, message: string][] = [
  ['subjekt.id == "x"', 'subjekt', 'unknown variable "subjekt"; did you mean "subject"?'],
  ['subject.isuer == "x"', 'isuer', 'unknown field "subject.isuer"; did you mean "issuer"?'],
  ['true && subject.binding.stat == "verified"', 'stat ==', 'did you mean "state"?'],
  ['subject . isuer == "x"', 'isuer', 'did you mean "issuer"?'],
  ['subject["isuer"] == "x"', '"isuer"', 'did you mean "issuer"?'],
  ['has(facts.device.ids)', 'ids', 'unknown field "facts.device.ids"; did you mean "id"?'],
  ['has(subject.claims.rolse)', 'rolse', 'did you mean "roles"?'],
  [
    'subject.binding.state == "brokn"',
    '"brokn"',
    'subject.binding.state is never "brokn"; did you mean "broken"?',
  ],
  ['"brokn" != subject.binding.state', '"brokn"', 'did you mean "broken"?'],
  [
    'action.sensitivity in ["high", "hihg"]',
    '"hihg"',
    'action.sensitivity is never "hihg"; did you mean "high"?',
  ],
  ['!(assessment.level == "medium")', '"medium"', 'assessment.level is never "medium"'],
  ['request.method == "post"', '"post"', 'request.method is never "post"'],
  ['action.name == "tranfer-funds"', '"tranfer-funds"', 'did you mean "transfer-funds"?'],
  ['subject.issuer == "https://idp.exmaple.com"', '"https', 'did you mean "https://idp.example.com"?'],
  ['"dpopp" in subject.binding.methods', '"dpopp"', 'did you mean "dpop"?'],
  ['subject.binding.methods.exists(m, m == "mlts")', '"mlts"', 'did you mean "mtls"?'],
  [
    'subject.claims.rolse == "x"',
    'rolse',
    '"rolse" of subject.claims is not declared in identity.issuers[].claims; did you mean "roles"?',
  ],
  ['"rolse" in subject.claims', '"rolse"', 'did you mean "roles"?'],
  [
    'request.headers["x-regoin"] == "x"',
    '"x-regoin"',
    'is not declared in context.requestHeaders; did you mean "x-region"?',
  ],
  ['request.headers["X-Region"] == "x"', '"X-Region"', 'did you mean "x-region"?'],
  [
    'action.params.acount == "x"',
    'acount',
    'is not declared in a path template of any action; did you mean "account"?',
  ],
  ['action.params.account.x == "x"', 'x ==', 'action.params.account is a string and has no field "x"'],
  ['subject.id.name == "x"', 'name', 'subject.id is a string and has no field "name"'],
  ['subject == subject', 'subject', 'subject is a group: name one of its fields'],
  ['size(facts.device) > 0', 'facts', 'facts.device is a group'],
  ['subject[request.host] == "x"', 'subject', 'subject is a group'],
  ['past.seen == "5"', '"5"', 'past.seen is an int and can never equal "5"'],
  ['subject.acr == 1', '1', 'subject.acr is a string and can never equal "1"'],
  ['facts.device.attested == "true"', '"true"', 'facts.device.attested is a bool'],
  ['subject.auth_time > 100', '100', 'subject.auth_time is a timestamp and cannot be compared with "100"'],
  ['past.seen < "5"', '"5"', 'past.seen is an int and cannot be compared with "5"'],
  ['"5" in past.seen', 'seen', 'past.seen is an int: nothing can be `in` it'],
  ['has(subject.claims["roles"])', 'has', 'has() takes a field like m.k; write has(subject.claims.roles)'],
  [
    'has(request.headers["x-region"])',
    'has',
    'has() takes a field like m.k; write "x-region" in request.headers',
  ],
  ['has(subject)', 'has', 'has() takes a field, e.g. has(subject.acr)'],
  ['not(facts.device.attested)', 'not', 'write ! instead of not'],
  ['subject.scopes == "x"', '"x"', 'subject.scopes is a list'],
  ['"x" in subject.id', 'id', 'subject.id is a string: nothing can be `in` it'],
  ['subject.id.startWith("x")', 'startWith', 'unknown function "startWith"; did you mean "startsWith"?'],
  ['sizee(subject.scopes) > 1', 'sizee', 'did you mean "size"?'],
  ['now - subject.auth_time > duration("5 minutes")', '"5 minutes"', 'duration() cannot read this'],
  ['now > timestamp("yesterday")', '"yesterday"', 'timestamp() cannot read this'],
  ['subject.id.matches("[")', '"["', 'matches() cannot read this'],
  ['subject.id', 'id', 'a string stands where a yes or no is needed'],
  ['facts.device.attested && subject.scopes', 'scopes', 'a list stands where'],
  ['past.seen + 1', '+', 'the result of _+_ stands where'],
  ['"yes"', '"yes"', 'a plain value stands where'],
  ['true ? "a" : false', '"a"', 'a plain value stands where'],
  ['google.protobuf.Int32Value{value: 1} == 1', 'google', 'cannot be made in a condition'],
  ['[subject.isuer].exists(s, s == "x")', 'isuer', 'did you mean "issuer"?'],
  ['{"a": subject.isuer} == {}', 'isuer', 'did you mean "issuer"?'],
  ['subject.scopes.exists(s, s == subject.isuer)', 'isuer', 'did you mean "issuer"?'],
  ['subject.scopes.exists(s, t == "x")', 't ==', 'unknown variable "t"'],
  ['dyn(subject.isuer).x == 1', 'isuer', 'did you mean "issuer"?'],
  ['subject.id == "a" &&', '&&', 'the condition is not a CEL expression'],
  ['subject.id = "a"', '= "a"', 'the condition is not a CEL expression'],
  ['', '', 'the condition is not a CEL expression'],
]

describe('misspelt fields and words are load errors with a position', () => {
  test.each(wrong)('%s', (when, at, message) => {
    const problems = problemOf(when)
    expect(problems.length).toBeGreaterThan(0)
    const problem = problems.find((p) => p.message.includes(message))
    expect(problems.map((p) => p.message).join('\n')).toContain(message)
    expect(problem).toMatchObject({ path: ['policy', 0, 'when'], offset: when.indexOf(at) })
  })

  test('every problem of every rule is told, in order', () => {
    const rules: RuleInput[] = [
      { when: 'subject.isuer == "a" && past.sen > 1', effect: 'deny' },
      { when: 'true', effect: 'allow' },
      { when: 'action.sensitivity == "hihg"', effect: 'allow', shadow: true },
    ]
    expect(problemsOf(rules).map(({ path, offset }) => [path[1], offset])).toEqual([
      [0, 8],
      [0, 29],
      [2, 22],
    ])
  })

  test('offsets count UTF-16 units, as strings do', () => {
    const when = '"é€𝒳" == subject.isuer'
    expect(problemOf(when)[0]).toMatchObject({ offset: when.indexOf('isuer') })
  })

  test('a condition of more than 4,096 characters is refused', () => {
    const when = `subject.id == "${'x'.repeat(4096)}"`
    expect(problemOf(when)).toMatchObject([{ offset: 4096, message: expect.stringContaining('4096') }])
  })

  test('nesting that overflows the parser is a problem, not a crash', () => {
    expect(problemOf(`${'!'.repeat(4000)}true`).length).toBeLessThanOrEqual(1)
    expect(problemOf(`${'['.repeat(30)}1${']'.repeat(30)} == []`)).toEqual([])
  })

  test('reasons of findings are a closed set when they are known', () => {
    const when = '"risk.new-devise.first" in assessment.findings'
    expect(problemOf(when)).toEqual([])
    expect(problemOf(when, ['risk.new-device.first'])).toMatchObject([
      { offset: 0, message: expect.stringContaining('did you mean "risk.new-device.first"?') },
    ])
  })

  test('macro variables may hide a variable', () => {
    expect(problemOf('subject.scopes.exists(action, action == "x")')).toEqual([])
    expect(problemOf('[{"a": 1}].exists(subject, subject.anything == 1)')).toEqual([])
  })
})

describe('settings of rules', () => {
  test.each<[string, RuleInput, string]>([
    [
      'whenUnknown',
      { when: true, effect: 'allow', whenUnknown: 'match' },
      'never matches when something is missing',
    ],
    ['whenUnknown', { when: true, effect: 'monitor', whenUnknown: 'skip' }, 'does nothing here'],
    ['stepUp', { when: true, effect: 'deny', stepUp: { maxAgeSeconds: 1 } }, 'effect is not step-up'],
    ['retryAfterSeconds', { when: true, effect: 'deny', retryAfterSeconds: 9 }, 'effect is not throttle'],
  ])('%s where it does nothing: %j', (key, rule, message) => {
    expect(problemsOf([rule])).toMatchObject([
      { path: ['policy', 0, key], message: expect.stringContaining(message) },
    ])
  })

  test('a repeated rule name is a problem', () => {
    const rule = { name: 'same', when: true, effect: 'deny' }
    expect(problemsOf([rule, rule])).toEqual([
      { path: ['policy', 1, 'name'], message: 'another rule is named "same" already' },
    ])
  })
})
