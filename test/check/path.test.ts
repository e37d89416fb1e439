import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { splitPath } from '../../src/check/path.ts'

describe('paths that two parsers read alike', () => {
  test.each([
    ['/'],
    ['/v1/orders'],
    // Stays what it is: a path with an empty first segment, never a host (CVE-2026-26205).
    ['//admin/x'],
    ['/a//b'],
    ['/caf%C3%A9/%7Ebob'],
    ['/.well-known/openid'],
    ['/...'],
    ['/a..b/.c'],
    ['/a;v=1/b'],
    ['/x%2Fy'],
    ["/:@!$&'()*+,="],
  ])('%s is taken as it is', (path) => {
    expect(splitPath(path)).toEqual({ path, query: undefined, hasQueryToken: false, isHostile: false })
  })
})

describe('hostile paths', () => {
  test.each([
    ['', 'empty, as in CONNECT (CVE-2026-73547)'],
    ['*', 'asterisk form'],
    ['admin', 'no leading slash (CVE-2026-33186)'],
    ['http://api.example.com/admin', 'absolute form'],
    ['/..', 'dot segment'],
    ['/.', 'dot segment'],
    ['/a/../admin', 'dot segment'],
    ['/..;/admin', 'parameter behind a dot segment (CVE-2026-73511)'],
    ['/.;x=1/admin', 'parameter behind a dot segment'],
    ['/..%3Bx/admin', 'encoded parameter behind a dot segment'],
    ['/%2e%2e/admin', 'encoded dot segment'],
    ['/%2E./admin', 'half encoded dot segment'],
    ['/.%2e', 'half encoded dot segment at the end'],
    ['/..%2fadmin', 'dot segment before an encoded slash (CVE-2021-29492)'],
    ['/a%2f..%2fadmin', 'dot segment between encoded slashes'],
    ['/a%5C..', 'dot segment behind an encoded backslash'],
    ['/..%5cadmin', 'dot segment before an encoded backslash'],
    ['/a\\..\\admin', 'backslash'],
    ['/a%00', 'encoded NUL (CVE-2019-9900)'],
    ['/a%0d%0aHost:x', 'encoded line break'],
    ['/a%1F', 'encoded control'],
    ['/a%7f', 'encoded DEL'],
    ['/a\u0000b', 'NUL'],
    ['/a\tb', 'tab'],
    ['/a b', 'space'],
    ['/a\u007f', 'DEL'],
    ['/é', 'raw non-ASCII'],
    ['/\u212a', 'raw non-ASCII that lower-cases to ASCII'],
    ['/a%', 'broken escape'],
    ['/a%2', 'broken escape'],
    ['/a%zz', 'broken escape'],
    ['/a%u002e', 'broken escape'],
    ['/%c0%ae%c0%ae/admin', 'overlong dots'],
    ['/a%C0%AFadmin', 'overlong slash'],
    ['/%e0%80%ae/x', 'overlong dot'],
    ['/%F0%80%80%af', 'overlong slash'],
    ['/a#b', 'fragment (CVE-2021-32779)'],
    ['/a?x=1#b', 'fragment behind a query'],
    ['/a?x=\u0000', 'control byte in the query'],
    ['/a?x=\r\ny', 'line break in the query'],
  ])('%j is hostile: %s', (path) => {
    expect(splitPath(path).isHostile).toBe(true)
  })
})

describe('what stands behind the path', () => {
  test.each([
    ['/cb?code=SECRET', '/cb', 'code=SECRET'],
    ['/cb?', '/cb', ''],
    ['/cb#access_token=SECRET', '/cb', undefined],
    ['/cb#x?access_token=SECRET', '/cb', 'access_token=SECRET'],
    ['/cb?a?b', '/cb', 'a?b'],
  ])('%s leaves nothing in the path', (raw, path, query) => {
    expect(splitPath(raw)).toMatchObject({ path, query })
  })

  test('no part of a query or fragment is ever in the path', () => {
    const piece = fc.string({ unit: 'binary-ascii', maxLength: 20 })
    const property = fc.property(piece, fc.constantFrom('?', '#'), piece, (head, mark, tail) => {
      const { path } = splitPath(`/${head}${mark}${tail}`)
      expect(path).toBe(`/${head}`.split(/[?#]/)[0])
    })
    fc.assert(property)
  })
})

describe('BR-05 a token in the query is seen however its name is spelt', () => {
  test.each([
    ['/a?access_token=x', true],
    ['/a?b=1&access_token=x', true],
    ['/a?b=1;access_token=x', true],
    ['/a?access_token', true],
    ['/a?access_token=', true],
    ['/a?%61ccess_token=x', true],
    ['/a?access%5Ftoken=x', true],
    ['/a?%61%63%63%65%73%73%5f%74%6f%6b%65%6e=x', true],
    ['/a?ACCESS_TOKEN=x', true],
    ['/a?access_token[]=x', true],
    ['/a?access_token%5B0%5D=x', true],
    ['/a?access.token=x', true],
    ['/a?access+token=x', true],
    ['/a?+access_token=x', true],
    ['/a?access_token%00=x', true],
    ['/a?access_tokens=x', false],
    ['/a?my_access_token=x', false],
    ['/a?q=access_token', false],
    ['/a?q=access_token=x', false],
    ['/a?access_token%zz=x', false],
    ['/a?', false],
    ['/access_token=x', false],
  ])('%s: %s', (raw, hasQueryToken) => {
    expect(splitPath(raw).hasQueryToken).toBe(hasQueryToken)
  })
})
