import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { normalizePath, originNamed, parseTarget } from '../../src/lib/target-uri.ts'

describe('normalised target URIs (RFC 3986 sections 6.2.2 and 6.2.3)', () => {
  test.each([
    ['https://api.example.com', 'https://api.example.com', '/'],
    ['https://api.example.com:/x', 'https://api.example.com', '/x'],
    ['http://h:80/a//b/', 'http://h', '/a//b/'],
    ['http://h:443/', 'http://h:443', '/'],
    ['https://[2001:DB8::1]:8443/a', 'https://[2001:db8::1]:8443', '/a'],
    ['https://h/a/b/..', 'https://h', '/a/'],
    ['https://h/a/./', 'https://h', '/a/'],
    ['https://h/../../a', 'https://h', '/a'],
    ['https://h/a%2fb%3d', 'https://h', '/a%2Fb%3D'],
    ['https://h//admin/x', 'https://h', '//admin/x'],
    ['https://h/a/...', 'https://h', '/a/...'],
    ['https://h/@bob?x#y', 'https://h', '/@bob'],
  ])('%s', (uri, origin, path) => {
    expect(parseTarget(uri)).toEqual({ origin, path })
  })

  test.each([
    ['user information', 'https://user@h/'],
    ['empty user information', 'https://@h/'],
    ['password', 'https://u:p@h/'],
    ['backslash', 'https://h\\x/'],
    ['space', 'https://h/a b'],
    ['control', 'https://h/\u0009'],
    ['beyond ASCII', 'https://h/é'],
    ['no host', 'https:///x'],
    ['no authority', 'https:/h/x'],
    ['relative', '/v1'],
    ['another scheme', 'ftp://h/'],
    ['broken encoding', 'https://h/%4'],
    ['broken encoding', 'https://h/%zz'],
    ['a port that is no number', 'https://h:x/'],
    ['two ports', 'https://h:1:2/'],
    ['too long', `https://h/${'a'.repeat(8192)}`],
  ])('refuses %s', (_, uri) => {
    expect(parseTarget(uri)).toBeUndefined()
  })

  test.each(['', '*', 'x', '/\\', '/a b'])('no absolute path: %j', (path) => {
    expect(normalizePath(path)).toBeUndefined()
  })

  test('normalising twice changes nothing', () => {
    const segment = fc.stringMatching(/^(?:[a-zA-Z.~]|%2[efEF]|%7[eE]|%41|%25){0,4}$/)
    fc.assert(
      fc.property(fc.array(segment), (segments) => {
        const once = normalizePath(`/${segments.join('/')}`) ?? ''
        expect(normalizePath(once)).toBe(once)
      }),
    )
  })
})

test.each([
  ['a.example', 'https://a.example'],
  ['a.example:443', 'https://a.example'],
  ['b.example:8443', 'https://b.example:8443'],
  ['b.example', undefined],
  ['evil-a.example', undefined],
  ['a.example@evil.example', undefined],
])('the origin that %s asked for is %s', (authority, origin) => {
  expect(originNamed(['https://b.example:8443', 'https://a.example'], authority)).toBe(origin)
})
