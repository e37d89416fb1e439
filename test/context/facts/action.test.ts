import { describe, expect, test } from '@jest/globals'
import type { z } from 'zod'
import { contextSettings } from '../../../src/config/schema/context.ts'
import {
  type ActionSettings,
  type actionSettings,
  unknownActionSettings,
} from '../../../src/config/schema/decision.ts'
import { compileCatalogue } from '../../../src/context/catalogue.ts'
import { actionOf } from '../../../src/context/facts/action.ts'
import type { Check } from '../../../src/model.ts'
import { checkOf } from '../../support/check-of.ts'

type Written = One[]
type One = z.input<typeof actionSettings>
type Path = (string | number)[]

const compile = (written: Written, encodedSlashes: 'refuse' | 'allow' = 'refuse') =>
  compileCatalogue(
    // Not parsed: the catalogue must hold by itself against what the schema already refuses.
    written.map((action) => ({
      sensitivity: 'medium',
      scopes: [],
      anonymous: false,
      ...action,
    })) as ActionSettings[],
    unknownActionSettings.parse({ sensitivity: 'high' }),
    contextSettings.parse({ paths: { encodedSlashes } }).paths,
  )

function resolve(written: Written, change: Partial<Check>, encodedSlashes?: 'refuse' | 'allow') {
  const compiled = compile(written, encodedSlashes)
  if (!compiled.ok) throw new Error(JSON.stringify(compiled.problems))
  return actionOf(checkOf(change), compiled.value)
}

const at = (name: string, ...paths: string[]): One => ({ name, match: { paths } })

describe('path templates', () => {
  const catalogue: Written = [
    at('root', '/'),
    at('account', '/v1/accounts/{account}'),
    at('account-slash', '/v1/accounts/{account}/'),
    at('transfers', '/v1/accounts/{account}/transfers'),
    at('mine', '/v1/users/me'),
    at('user', '/v1/users/{user}'),
    at('spaced', '/a%20b'),
    at('file', '/files/{path...}'),
    at('folder', '/files/{path...}/'),
    at('mixed', '/{a}/{b}/x/{c...}'),
  ]
  const table: [path: string, name: string, params?: Record<string, string>][] = [
    ['/', 'root'],
    ['/v1/accounts/42', 'account', { account: '42' }],
    ['/v1/accounts/42/', 'account-slash', { account: '42' }],
    ['/v1/accounts/', 'unknown'],
    ['/v1/accounts', 'unknown'],
    ['/v1/accounts//transfers', 'unknown'],
    ['/v1/accounts/42/transfers', 'transfers', { account: '42' }],
    ['/v1/accounts/42/transfers/', 'unknown'],
    ['/v1/accounts/42/Transfers', 'unknown'],
    ['/v1/%61ccounts/%34%32', 'account', { account: '42' }],
    ['/v1/accounts/a%252Fb', 'account', { account: 'a%2Fb' }],
    ['/v1/accounts/a%2Fb', 'unknown'],
    ['/v1/accounts/%zz', 'unknown'],
    ['/v1/accounts/%00', 'unknown'],
    ['/v1/accounts/..', 'unknown'],
    ['/v1/accounts/%2e%2e', 'unknown'],
    ['/v1/users/me', 'mine'],
    ['/v1/users/you', 'user', { user: 'you' }],
    ['/v1/users/constructor', 'user', { user: 'constructor' }],
    ['/v1/users/__proto__', 'user', { user: '__proto__' }],
    ['/a b', 'spaced'],
    ['/a%20b', 'spaced'],
    ['/files', 'unknown'],
    ['/files/', 'unknown'],
    ['/files/a', 'file', { path: 'a' }],
    ['/files/a/b%20c', 'file', { path: 'a/b c' }],
    ['/files/a/b/', 'folder', { path: 'a/b' }],
    ['/files//a', 'unknown'],
    ['/files/a//', 'unknown'],
    ['/files/a/../b', 'unknown'],
    ['/p/q/x/r/s', 'mixed', { a: 'p', b: 'q', c: 'r/s' }],
    ['/p/q/x', 'unknown'],
    ['//v1/users/me', 'unknown'],
    ['', 'unknown'],
    ['*', 'unknown'],
  ]
  test.each(table)('%s is %s', (path, name, params = {}) => {
    expect(resolve(catalogue, { path })).toMatchObject({ name, params, isKnown: name !== 'unknown' })
    expect(resolve(catalogue, { path }).params).toEqual(params)
  })

  test('an allowed escaped slash is part of the parameter', () => {
    expect(resolve(catalogue, { path: '/v1/accounts/a%2Fb' }, 'allow').params).toEqual({ account: 'a/b' })
  })
})

describe('what else must fit', () => {
  const hosts = ['api.example.com', '*.tenant.example.com', '[::1]']
  const grpc = ['shop.v1.Cart/Add', 'shop.v1.Admin/*']
  const catalogue: Written = [
    { name: 'write', match: { methods: ['POST', 'PUT'], paths: ['/x'] } },
    { name: 'hosted', match: { hosts, paths: ['/h'] } },
    { name: 'cart', match: { grpc } },
    { name: 'posted', match: { methods: ['PATCH'] } },
  ]
  const on = (authority: string) => ({ path: '/h', authority })
  const call = (path: string, isGrpc = true) => ({ path, isGrpc, method: 'POST' })
  const table: [string, Partial<Check>, string][] = [
    ['a listed method', { method: 'PUT', path: '/x' }, 'write'],
    ['a method that is not listed', { method: 'GET', path: '/x' }, 'unknown'],
    ['a method in lower case', { method: 'post', path: '/x' }, 'unknown'],
    ['methods alone take every path', { method: 'PATCH', path: '/any/where' }, 'posted'],
    ['methods alone take no unreadable path', { method: 'PATCH', path: '/any//where' }, 'unknown'],
    ['a host', on('api.example.com'), 'hosted'],
    ['a host with a port', on('api.example.com:8443'), 'hosted'],
    ['a host in upper case', on('API.Example.com'), 'hosted'],
    ['a host with a trailing dot', on('api.example.com.:443'), 'hosted'],
    ['another host', on('api.example.com.evil.org'), 'unknown'],
    ['a subdomain', on('a.tenant.example.com'), 'hosted'],
    ['a deeper subdomain', on('b.a.tenant.example.com'), 'hosted'],
    ['the bare domain', on('tenant.example.com'), 'unknown'],
    ['a lookalike', on('eviltenant.example.com'), 'unknown'],
    ['nothing before the domain', on('.tenant.example.com'), 'unknown'],
    ['IPv6 with a port', on('[::1]:80'), 'hosted'],
    ['no host', on(''), 'unknown'],
    ['a gRPC method', call('/shop.v1.Cart/Add'), 'cart'],
    ['a gRPC method with another content type', call('/shop.v1.Cart/Add', false), 'cart'],
    ['another gRPC method', call('/shop.v1.Cart/Clear'), 'unknown'],
    ['any method of a service', call('/shop.v1.Admin/Wipe'), 'cart'],
    ['a service without method', call('/shop.v1.Admin/'), 'unknown'],
    ['a longer path', call('/shop.v1.Admin/Wipe/x'), 'unknown'],
    ['a trailing slash', call('/shop.v1.Cart/Add/'), 'unknown'],
    ['an escaped gRPC path', call('/shop.v1.%43art/Add'), 'cart'],
    ['what is no name of a method', call('/shop.v1.Admin/a-b'), 'cart'],
    ['a literal star', call('/shop.v1.Admin/*'), 'cart'],
    ['another case', call('/shop.v1.cart/Add'), 'unknown'],
  ]
  test.each(table)('%s', (_, change, name) => {
    expect(resolve(catalogue, change).name).toBe(name)
  })

  test.each([true, false])('a milder action behind a gRPC method is not reached (gRPC: %s)', (isGrpc) => {
    const behind: Written = [
      { name: 'wipe', match: { grpc: ['shop.v1.Admin/Wipe'] }, sensitivity: 'critical' },
      { name: 'any', match: { paths: ['/{rest...}'] }, sensitivity: 'low' },
    ]
    for (const method of ['GET', 'POST'])
      for (const path of ['/shop.v1.Admin/Wipe', '/shop.v1.Admin/%57ipe'])
        expect(resolve(behind, { path, method, isGrpc }).name).toBe('wipe')
  })

  test('the first match wins, not the most exact one', () => {
    const wide = [at('any', '/{x}'), { name: 'put', match: { methods: ['PUT' as const], paths: ['/a'] } }]
    expect(resolve([...wide].reverse(), { path: '/a', method: 'PUT' }).name).toBe('put')
    const narrowLater: Written = [
      { name: 'get', match: { methods: ['GET'], paths: ['/{x}'] } },
      { name: 'exact', match: { paths: ['/a'] } },
    ]
    expect(resolve(narrowLater, { path: '/a' }).name).toBe('get')
    expect(resolve(narrowLater, { path: '/a', method: 'POST' }).name).toBe('exact')
  })
})

describe('what an action carries', () => {
  test('a known one carries its settings', () => {
    const written: Written = [
      {
        ...at('pay', '/pay'),
        sensitivity: 'critical',
        scopes: ['pay.write'],
        authentication: { acr: ['phr'], maxAgeSeconds: 60 },
      },
    ]
    expect(resolve(written, { path: '/pay' })).toEqual({
      name: 'pay',
      isKnown: true,
      sensitivity: 'critical',
      scopes: ['pay.write'],
      authentication: { acr: ['phr'], maxAgeSeconds: 60 },
      params: {},
      allowsAnonymous: false,
    })
  })

  test('one that anonymous callers may come to says so', () => {
    const written = [{ name: 'news', match: { paths: ['/news'] }, anonymous: true }]
    expect(resolve(written, { path: '/news' })).toMatchObject({ name: 'news', allowsAnonymous: true })
  })

  test('the unknown one carries the sensitivity set for it', () => {
    expect(resolve([], { path: '/pay' })).toEqual({
      name: 'unknown',
      isKnown: false,
      sensitivity: 'high',
      scopes: [],
      params: {},
      allowsAnonymous: false,
    })
  })
})

describe('what is refused at load', () => {
  const path = (action: number, ...more: Path): Path => ['actions', action, ...more]
  const get = { methods: ['GET' as const] }
  const a = (match: One['match']): One => ({ name: 'a', match })
  const b = (match: One['match']): One => ({ name: 'b', match })
  const table: [string, Written, Path][] = [
    ['a duplicate name', [at('a', '/a'), at('a', '/b')], path(1, 'name')],
    ['the name unknown', [at('unknown', '/a')], path(0, 'name')],
    ['a bad template', [at('a', '/a', '/{')], path(0, 'match', 'paths', 1)],
    ['a host with a port', [a({ hosts: ['x:80'] })], path(0, 'match', 'hosts', 0)],
    ['a host that is a star', [a({ hosts: ['*'] })], path(0, 'match', 'hosts', 0)],
    ['a star inside a host', [a({ hosts: ['a.*.com'] })], path(0, 'match', 'hosts', 0)],
    ['a gRPC name with a slash before', [a({ grpc: ['/p.S/M'] })], path(0, 'match', 'grpc', 0)],
    ['a gRPC name without method', [a({ grpc: ['p.S'] })], path(0, 'match', 'grpc', 0)],
    ['a gRPC star in part', [a({ grpc: ['p.S/Get*'] })], path(0, 'match', 'grpc', 0)],
    ['the same path', [at('a', '/a/{x}'), at('b', '/c', '/a/{y}')], path(1, 'match', 'paths', 1)],
    ['the same path in another spelling', [at('a', '/a'), at('b', '/%61')], path(1, 'match', 'paths', 0)],
    ['a path that an earlier one takes', [at('a', '/a/{x}'), at('b', '/a/b')], path(1, 'match', 'paths', 0)],
    ['a path below a rest', [at('a', '/a/{x...}'), at('b', '/a/b/{c}/d')], path(1, 'match', 'paths', 0)],
    ['a rest below a rest', [at('a', '/{x...}'), at('b', '/a/{c...}')], path(1, 'match', 'paths', 0)],
    ['a folder below folders', [at('a', '/{x...}/'), at('b', '/a/b/')], path(1, 'match', 'paths', 0)],
    ['fewer methods', [a({ paths: ['/a'] }), b({ ...get, paths: ['/a'] })], path(1, 'match', 'paths', 0)],
    [
      'fewer hosts',
      [a({ hosts: ['*.x.org'], paths: ['/a'] }), b({ hosts: ['a.x.org', '*.b.x.org'], paths: ['/a'] })],
      path(1, 'match', 'paths', 0),
    ],
    ['a path behind everything', [a({}), at('b', '/a')], path(1, 'match', 'paths', 0)],
    ['everything behind everything', [a({}), b(get)], path(1, 'match')],
    ['the same gRPC method', [a({ grpc: ['p.S/M'] }), b({ grpc: ['p.S/M'] })], path(1, 'match', 'grpc', 0)],
    ['a method of a service', [a({ grpc: ['p.S/*'] }), b({ grpc: ['p.S/M'] })], path(1, 'match', 'grpc', 0)],
    ['the same service', [a({ grpc: ['p.S/*'] }), b({ grpc: ['p.S/*'] })], path(1, 'match', 'grpc', 0)],
    ['a method behind a path', [at('a', '/{x...}'), b({ grpc: ['p.S/M'] })], path(1, 'match', 'grpc', 0)],
    ['a path behind a method', [a({ grpc: ['p.S/*'] }), at('b', '/p.S/M')], path(1, 'match', 'paths', 0)],
  ]
  test.each(table)('%s', (_, written, expected) => {
    const compiled = compile(written)
    expect(compiled.ok ? [] : compiled.problems.map((p) => p.path)).toEqual([expected])
  })

  const fine: [string, Written][] = [
    ['the narrow path first', [at('a', '/a/b'), at('b', '/a/{x}'), at('c', '/a/{x...}')]],
    ['another method', [a({ ...get, paths: ['/a'] }), b({ methods: ['PUT'], paths: ['/a'] })]],
    ['more methods', [a({ ...get, paths: ['/a'] }), b({ paths: ['/a'] })]],
    ['other hosts', [a({ hosts: ['x'], paths: ['/a'] }), b({ hosts: ['y'], paths: ['/a'] })]],
    ['the bare domain behind its subdomains', [a({ hosts: ['*.x'] }), b({ hosts: ['x'] })]],
    ['a wide method behind a narrow one', [a({ grpc: ['p.S/M'] }), b({ grpc: ['p.S/*'] })]],
    ['a slash makes another path', [at('a', '/a'), at('b', '/a/'), at('c', '/{x...}'), at('d', '/{x...}/')]],
    ['a param takes no empty segment', [at('a', '/a/{x}'), at('b', '/a/')]],
    ['a folder rest takes no bare slash', [at('a', '/a/{x...}/'), at('b', '/a/')]],
    ['two ways into one action', [at('a', '/{x}', '/a')]],
  ]
  test.each(fine)('%s is fine', (_, written) => {
    expect(compile(written)).toMatchObject({ ok: true })
  })
})
