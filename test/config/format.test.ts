import { describe, expect, test } from '@jest/globals'
import { formatProblem, summarise } from '../../src/config/format.ts'

const problem = (source: string | undefined, column: number, message = 'wrong') => ({
  file: 'vigil.yaml',
  line: 3,
  column,
  message,
  ...(source === undefined ? {} : { source }),
})
const shown = (source: string, column: number) => formatProblem(problem(source, column)).split('\n').slice(1)

test('file, line, column and message stand in one line, whatever the message holds', () => {
  expect(summarise(problem(undefined, 5, 'one\n  two'))).toBe('vigil.yaml:3:5: one two')
  expect(formatProblem(problem(undefined, 5))).toBe('vigil.yaml:3:5: wrong')
  expect(formatProblem(problem('   ', 1))).toBe('vigil.yaml:3:1: wrong')
})

test('the line follows, with a caret under the place', () => {
  expect(shown('  role: egde', 9)).toEqual(['    role: egde', '          ^'])
  // A tab is one column and one blank here.
  expect(shown('\trole: egde', 8)).toEqual(['   role: egde', '         ^'])
})

test('of a long line a part around the place', () => {
  const [text = '', caret = ''] = shown(`${'ab '.repeat(100)}HERE ${'cd '.repeat(100)}`, 301)
  expect(text.length).toBeLessThanOrEqual(2 + 121)
  expect(text[caret.indexOf('^')]).toBe('H')
})

describe('a line that may hold a secret is cut before it', () => {
  test.each([
    ['a password', 'passwordFile: x, password: hunter2', 'password: …'],
    ['in another spelling', '  redis: { "clientSecret": "hunter2" }', '"clientSecret": …'],
    ['an instance key', 'root: hunter2', 'root: …'],
    ['a private member of a JWK', 'keys: [{ kty: EC, x: abc, d: hunter2 }]', 'd: …'],
    ['a bare token', `- eyJhbGciOiJFUzI1NiJ9eyJzdWIiOiJhbGljZSJ9 hunter2`, '- …'],
  ])('%s', (_what, source, end) => {
    const [text = ''] = shown(source, source.length)
    expect(text).not.toContain('hunter2')
    expect(text.endsWith(end)).toBe(true)
  })

  test('and the caret does not run beyond it', () => {
    const [text = '', caret = ''] = shown(`root: ${'hunter2'.repeat(40)}`, 200)
    expect(text).not.toContain('hunter2')
    expect(caret.length).toBeLessThanOrEqual(text.length + 1)
  })

  test.each([
    'issuer: https://idp.example.com/realms/one/protocol/openid-connect/certs',
    'paths: ["/v1/accounts/{account}/transfers"]',
    'tokenType: at+jwt',
    'deviceClaim: device_id',
  ])('%s is shown whole', (source) => {
    expect(shown(source, 1)[0]).toBe(`  ${source}`)
  })
})
