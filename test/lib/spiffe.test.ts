import { describe, expect, test } from '@jest/globals'
import { isSpiffe, parseSpiffeId } from '../../src/lib/spiffe.ts'

const parts = (text: string) => {
  const id = parseSpiffeId(text)
  return id && [id.trustDomain, id.path]
}

describe('SPIFFE-01 the strings of the standard', () => {
  test.each([
    ['spiffe://trustdomain', ['trustdomain', '']],
    ['spiffe://trustdomain/path', ['trustdomain', '/path']],
    ['spiffe://trustdomain/path1/path2', ['trustdomain', '/path1/path2']],
    ['spiffe://trustdomain/.path', ['trustdomain', '/.path']],
    ['spiffe://trustdomain/..path', ['trustdomain', '/..path']],
    ['spiffe://trustdomain/...', ['trustdomain', '/...']],
    ['spiffe://a.b-c_d.9/UPPER.path_1-2', ['a.b-c_d.9', '/UPPER.path_1-2']],
    ['SPIFFE://trustdomain/path', ['trustdomain', '/path']],
    [`spiffe://${'a'.repeat(255)}/x`, ['a'.repeat(255), '/x']],
    [`spiffe://a/${'x'.repeat(2037)}`, ['a', `/${'x'.repeat(2037)}`]],
  ])('%.60s', (text, expected) => {
    expect(parts(text)).toEqual(expected)
  })

  test.each([
    '',
    'spiffe:',
    'spiffe:/',
    'spiffe://',
    'spiffe:///',
    'spiffe:///path',
    'spiffe:trustdomain/path',
    'spiffe:/trustdomain/path',
    'https://trustdomain/path',
    'xspiffe://trustdomain/path',
    ' spiffe://trustdomain/path',
    'spiffe://trustdomain/',
    'spiffe://trustdomain//',
    'spiffe://trustdomain//path',
    'spiffe://trustdomain/path/',
    'spiffe://trustdomain/path//more',
    'spiffe://trustdomain/.',
    'spiffe://trustdomain/..',
    'spiffe://trustdomain/./path',
    'spiffe://trustdomain/../path',
    'spiffe://trustdomain/path/../other',
    'spiffe://trustdomain/path/..',
    'spiffe://trustdomain/%F0%9F%A4%AF',
    'spiffe://trustdomain/a%2fb',
    'spiffe://trust%64omain/path',
    'spiffe://trust$domain/path',
    'spiffe://TrustDomain/path',
    'spiffe://trustdomain:8443/path',
    'spiffe://user@trustdomain/path',
    'spiffe://user:secret@trustdomain/path',
    'spiffe://trustdomain/path?query',
    'spiffe://trustdomain?query',
    'spiffe://trustdomain/path#fragment',
    'spiffe://trustdomain#fragment',
    'spiffe://trustdomain\\path',
    'spiffe://trustdomain/pa th',
    'spiffe://trustdomain/path\n',
    'spiffe://trustdomain/päth',
    'spiffe://trustdomain/path,spiffe://other/path',
    `spiffe://${'a'.repeat(256)}/x`,
    `spiffe://a/${'x'.repeat(2038)}`,
  ])('refused: %.60s', (text) => {
    expect(parseSpiffeId(text)).toBeUndefined()
  })

  test('the scheme is told in lower case', () => {
    expect(parseSpiffeId('SpIfFe://td/Path')?.id).toBe('spiffe://td/Path')
    expect(isSpiffe('SPIFFE:whatever')).toBe(true)
    expect(isSpiffe('spiffy://td')).toBe(false)
  })

  test('a hostile text costs no more than its length', () => {
    expect(parseSpiffeId(`spiffe://a${'/a.'.repeat(1_000_000)}%`)).toBeUndefined()
  })
})
