import { describe, expect, test } from '@jest/globals'
import { challenged, decideBy, ERROR, facts, type Given, rule, subject, UNKNOWN } from './fixtures.ts'

const SENT = 'sent-by-caller'
const given: Given = {
  subject: subject({
    claims: { roles: ['teller', SENT], level: 3, address: { country: 'DE' }, accounts: SENT },
  }),
}
const detailOf = (when: string): string | undefined => decideBy([rule('deny', { when })], given).detail

describe('what was missing, by the name it has in the condition', () => {
  test.each<[when: string, missing: string]>([
    ['subject.claims.absent == 1', 'subject.claims.absent is missing'],
    ['subject.claims.address.zip == "1"', 'subject.claims.address.zip is missing'],
    ['subject.claims.absent.x == 1 || subject.claims["absent"] == 2', 'subject.claims.absent is missing'],
    [
      'request.headers["x-other"] == "a" && subject.claims.absent == 1',
      'request.headers["x-other"], subject.claims.absent are missing',
    ],
    ['!(subject.claims.absent == 1)', 'subject.claims.absent is missing'],
    ['now - timestamp(subject.claims.absent) > duration("1s")', 'subject.claims.absent is missing'],
    ['has(subject.claims.absent.x)', 'subject.claims.absent is missing'],
    ['size([1, subject.claims.absent]) == 2', 'subject.claims.absent is missing'],
    ['{"a": subject.claims.absent}.size() == 1', 'subject.claims.absent is missing'],
    ['subject.claims.roles.exists(r, r == subject.claims.absent)', 'subject.claims.absent is missing'],
    ['subject.claims.absent.all(r, r == "a")', 'subject.claims.absent is missing'],
    ['subject.claims.roles.map(r, subject.claims.absent)[0] == 1', 'subject.claims.absent is missing'],
    // Which claim it is stands in the request.
    ['subject.claims[subject.id] == 1', 'subject.claims[…] is missing'],
  ])('%s', (when, missing) => {
    expect(decideBy([rule('deny', { when })], given)).toMatchObject({ failure: 'policy.rule.unknown' })
    expect(detailOf(when)).toBe(`r; ${missing}`)
  })

  test.each([
    ['subject.claims.level == 3 ? subject.claims.absent == 1 : request.headers["x-other"] == "a"'],
    ['subject.claims.level == 4 ? request.headers["x-other"] == "a" : subject.claims.absent == 1'],
  ])('of two branches the one that was taken: %s', (when) => {
    expect(detailOf(when)).toBe('r; subject.claims.absent is missing')
  })
})

describe('what went wrong: kinds and types, never a value', () => {
  test.each<[when: string, fault: string]>([
    [ERROR, 'a division by zero (past.seen)'],
    ['9223372036854775807 + past.seen > 1', 'a number too large for its type (past.seen)'],
    ['subject.claims.roles[5] == "a"', 'an index outside its list (subject.claims.roles[5])'],
    [
      'subject.claims.accounts.x == 1',
      'a member of something that has none of that name (subject.claims.accounts.x)',
    ],
    ['int(subject.claims.accounts) < 3', 'int() cannot read what it got (subject.claims.accounts)'],
    [
      'timestamp(subject.claims.accounts) < now',
      'timestamp() cannot read what it got (subject.claims.accounts)',
    ],
    ['subject.claims.level < "a"', '< cannot be used on a double and a string (subject.claims.level)'],
    ['now < past.seen', '< cannot be used on a timestamp and an int (now, past.seen)'],
    [
      'subject.claims.roles.startsWith("a")',
      'startsWith() cannot be used on a list and a string (subject.claims.roles)',
    ],
    ['subject.claims.level && true', 'it gives a double, not a yes or no (subject.claims.level)'],
    [
      'subject.claims.level.exists(x, true)',
      'a macro over something that is neither a list nor a map (subject.claims.level)',
    ],
    ['subject.claims.roles.exists(r, int(r) == 1)', 'int() cannot read what it got (r)'],
    ['subject.claims.roles.filter(r, int(r) == 1).size() > 1', 'int() cannot read what it got (r)'],
    // What is missing beside it is not what decided.
    [
      'subject.claims.absent == 1 && bool(subject.claims.accounts)',
      'bool() cannot read what it got (subject.claims.accounts)',
    ],
  ])('%s', (when, fault) => {
    expect(decideBy([rule('deny', { when })], given)).toMatchObject({ failure: 'policy.rule.error' })
    expect(detailOf(when)).toBe(`r; ${fault}`)
    expect(fault).not.toContain(SENT)
  })
})

describe('which rule it was', () => {
  const description = 'Customers move money\n  from their own accounts only.\n'
  const label = 'r (Customers move money from their own accounts only)'
  const detailBy = (effect: string, when: string | boolean, more: Given = {}) =>
    decideBy([rule(effect, { when, description })], more).detail

  test('its name, and its description as part of a sentence', () => {
    expect(detailBy('deny', true)).toBe(label)
    expect(detailBy('throttle', true)).toBe(label)
    expect(detailBy('step-up', true)).toBe(`asked for by the rule ${label}`)
    expect(decideBy([rule('deny', { description: ' . ' })]).detail).toBe('r')
  })

  test('a step-up that ends in a refusal still names it', () => {
    const machine = { subject: subject({ kind: 'machine' }) }
    expect(detailBy('step-up', true, machine)).toBe(`asked for by the rule ${label}`)
  })

  test('something missing that made another rule act', () => {
    const much = { facts: facts({ sensitivity: 'high' }) }
    expect(detailBy('throttle', UNKNOWN, much)).toBe(`${label}; subject.claims.absent is missing`)
    expect(detailBy('allow', ERROR)).toBe(`${label}; a division by zero (past.seen)`)
  })

  test('what passes is not explained', () => {
    expect(detailBy('allow', true)).toBeUndefined()
    expect(detailBy('monitor', true)).toBeUndefined()
    expect(detailBy('step-up', true, { past: challenged })).toBeUndefined()
    expect(decideBy([rule('allow', { when: UNKNOWN, description })])).not.toMatchObject({ detail: label })
  })
})
