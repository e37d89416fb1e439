import { describe, expect, test } from '@jest/globals'
import { compilePreflight } from '../../src/context/preflight.ts'
import type { Check } from '../../src/model.ts'
import { checkOf } from '../support/check-of.ts'

const ASK = 'access-control-request-method'
const preflight = compilePreflight(['https://app.example.com', 'https://OTHER.example.com:443'])
const ask = (headers: Record<string, readonly string[]>, change: Partial<Check> = {}) =>
  preflight?.(checkOf({ method: 'OPTIONS', headers: new Map(Object.entries(headers)), ...change }))?.name

const TRUE = { origin: ['https://app.example.com'], [ASK]: ['PUT'] }

test('a true preflight of a configured origin is an action of its own that needs no credential', () => {
  const action = preflight?.(checkOf({ method: 'OPTIONS', headers: new Map(Object.entries(TRUE)) }))
  expect(action).toEqual({
    name: 'preflight',
    isKnown: true,
    sensitivity: 'low',
    scopes: [],
    params: {},
    allowsAnonymous: true,
  })
})

test('origins are compared as browsers write them', () => {
  expect(ask({ ...TRUE, origin: ['https://other.example.com'] })).toBe('preflight')
})

describe('anything else is an ordinary request', () => {
  test.each<[string, Record<string, readonly string[]>, Partial<Check>]>([
    ['another method', TRUE, { method: 'GET' }],
    ['no Access-Control-Request-Method', { origin: TRUE.origin }, {}],
    ['no Origin', { [ASK]: ['PUT'] }, {}],
    ['another origin', { ...TRUE, origin: ['https://evil.example.com'] }, {}],
    ['another scheme', { ...TRUE, origin: ['http://app.example.com'] }, {}],
    ['another port', { ...TRUE, origin: ['https://app.example.com:8443'] }, {}],
    ['a longer name', { ...TRUE, origin: ['https://app.example.com.evil.example'] }, {}],
    ['the origin of a sandbox', { ...TRUE, origin: ['null'] }, {}],
    ['two origins', { ...TRUE, origin: ['https://app.example.com', 'https://app.example.com'] }, {}],
    ['two origins, joined', { ...TRUE, origin: ['https://app.example.com,https://app.example.com'] }, {}],
  ])('%s', (_what, headers, change) => expect(ask(headers, change)).toBeUndefined())

  test('nothing is a preflight where no origin is configured', () => {
    expect(compilePreflight([])).toBeUndefined()
  })
})
