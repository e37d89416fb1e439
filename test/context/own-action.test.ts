import { describe, expect, test } from '@jest/globals'
import { enforcementSettings } from '../../src/config/schema/enforcement.ts'
import { compileOwnActions } from '../../src/context/own-action.ts'
import type { Check } from '../../src/model.ts'
import { checkOf } from '../support/check-of.ts'

const ASK = 'access-control-request-method'
const compile = (settings: object) => compileOwnActions(enforcementSettings.parse(settings))
const preflight = compile({
  cors: { origins: ['https://app.example.com', 'https://OTHER.example.com:443'] },
})
const ask = (headers: Record<string, readonly string[]>, change: Partial<Check> = {}) =>
  preflight(checkOf({ method: 'OPTIONS', headers: new Map(Object.entries(headers)), ...change }))?.name

const TRUE = { origin: ['https://app.example.com'], [ASK]: ['PUT'] }

test('a true preflight of a configured origin is an action of its own that needs no credential', () => {
  const action = preflight(checkOf({ method: 'OPTIONS', headers: new Map(Object.entries(TRUE)) }))
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

  test('also a true one, where no origin is configured', () => {
    const check = checkOf({ method: 'OPTIONS', headers: new Map(Object.entries(TRUE)) })
    expect(compile({})(check)).toBeUndefined()
  })
})

describe('PRM-01 metadata of a protected resource (RFC 9728 section 3.1)', () => {
  const PATH = '/.well-known/oauth-protected-resource'
  const metadata = compile({
    resourceMetadata: [
      { resource: 'https://api.example.com' },
      { resource: 'https://api.example.com/mcp' },
      { resource: 'https://other.example.com/' },
    ],
  })
  const actionOf = (change: Partial<Check>) => metadata(checkOf(change))?.name

  test.each<[string, Partial<Check>]>([
    ['a resource without a path', { path: PATH }],
    ['the path stands behind the well-known part', { path: `${PATH}/mcp` }],
    ['the slash behind the host is dropped', { path: PATH, authority: 'other.example.com' }],
    ['the default port of the scheme', { path: PATH, authority: 'api.example.com:443' }],
    ['HEAD', { path: PATH, method: 'HEAD' }],
  ])('%s', (_what, change) => expect(actionOf(change)).toBe('resource-metadata'))

  test.each<[string, Partial<Check>]>([
    ['another path', { path: `${PATH}/other` }],
    ['a path below it', { path: `${PATH}/mcp/x` }],
    ['a longer name', { path: `${PATH}s` }],
    ['another case', { path: PATH.toUpperCase() }],
    ['another host', { path: PATH, authority: 'evil.example.com' }],
    ['a path of another host', { path: `${PATH}/mcp`, authority: 'other.example.com' }],
    ['another method', { path: PATH, method: 'POST' }],
  ])('not %s', (_what, change) => expect(actionOf(change)).toBeUndefined())

  test('both kinds of own actions side by side', () => {
    const both = compile({
      cors: { origins: ['https://app.example.com'] },
      resourceMetadata: [{ resource: 'https://api.example.com' }],
    })
    const headers = new Map(Object.entries(TRUE))
    expect(both?.(checkOf({ method: 'OPTIONS', path: PATH, headers }))?.name).toBe('preflight')
    expect(both?.(checkOf({ path: PATH }))?.name).toBe('resource-metadata')
    expect(both?.(checkOf({ path: '/' }))).toBeUndefined()
  })
})

describe('what `vigil probe` asks', () => {
  const PROBE: Partial<Check> = {
    method: 'GET',
    authority: 'vigil-probe.invalid',
    path: '/',
    extensions: new Map([['vigil.probe', 'allow']]),
  }
  const ask = (change: Partial<Check> = {}) => compile({})(checkOf({ ...PROBE, ...change }))?.name

  test('is an action of its own under every configuration', () => {
    expect(ask()).toBe('vigil-probe')
    expect(preflight(checkOf(PROBE))?.name).toBe('vigil-probe')
  })

  test.each<[string, Partial<Check>]>([
    ['without the context extension, which no client can set', { extensions: new Map() }],
    ['with another value of it', { extensions: new Map([['vigil.probe', 'deny']]) }],
    ['with a header of that name', { extensions: new Map(), headers: new Map([['vigil.probe', ['allow']]]) }],
    ['for another host', { authority: 'api.example.com' }],
    ['for another port', { authority: 'vigil-probe.invalid:443' }],
    ['for another path', { path: '/v1/items' }],
    ['with another method', { method: 'POST' }],
  ])('%s it is an ordinary request', (_what, change) => expect(ask(change)).toBeUndefined())
})
