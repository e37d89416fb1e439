import { describe, expect, test } from '@jest/globals'
import { compileFingerprint } from '../../../src/context/facts/fingerprint.ts'
import type { ClientFact } from '../../../src/model.ts'
import { checkOf, entrypointOf } from '../../support/check-of.ts'

const FIREFOX: ClientFact = { kind: 'browser', browser: 'Firefox', os: 'Linux' }
const NONE: ClientFact = { kind: undefined, browser: undefined, os: undefined }
const USUAL = {
  'x-ja4': 't13d1516h2_8daaf6152771_02713d6af862',
  'accept-language': 'de',
  'accept-encoding': 'gzip',
}

type Lines = Record<string, string | string[]>
const read = (lines: Lines, client = FIREFOX, header: string | undefined = 'x-ja4') => {
  const headers = new Map(Object.entries(lines).map(([name, value]) => [name, [value].flat()] as const))
  const entrypoint = entrypointOf(header === '' ? {} : { fingerprintHeader: header })
  return compileFingerprint()(checkOf({ headers }), entrypoint, client)
}

describe('the fingerprint of a client', () => {
  const usual = read(USUAL)

  test('is what Envoy tells, and a hash', () => {
    expect(usual).toEqual({ tls: USUAL['x-ja4'], value: expect.stringMatching(/^[A-Za-z0-9_-]{16}$/) })
    expect(read(USUAL)).toEqual(usual)
  })

  test.each<[string, Lines, ClientFact]>([
    ['another handshake', { ...USUAL, 'x-ja4': 't13d1517h2_8daaf6152771_02713d6af862' }, FIREFOX],
    ['no handshake', { ...USUAL, 'x-ja4': [] }, FIREFOX],
    ['other languages', { ...USUAL, 'accept-language': 'en' }, FIREFOX],
    ['other encodings', { ...USUAL, 'accept-encoding': 'br' }, FIREFOX],
    ['a phone', { ...USUAL, 'sec-ch-ua-mobile': '?1' }, FIREFOX],
    ['another program', USUAL, { ...FIREFOX, browser: 'Chrome' }],
  ])('%s is another one', (_, lines, client) => {
    expect(read(lines, client).value).not.toBe(usual.value)
  })

  test('a page, a script and a picture of one browser have the same', () => {
    for (const accept of ['text/html,*/*;q=0.8', '*/*', 'image/avif,*/*'])
      expect(read({ ...USUAL, accept, 'sec-fetch-mode': 'cors' })).toEqual(usual)
  })

  test('a hint is one of two, or nothing is told by it', () => {
    const told = (hint: string) => read({ ...USUAL, 'sec-ch-ua-mobile': hint }).value
    expect(told('?0')).not.toBe(told('?1'))
    expect(told('?2')).toBe(usual.value)
  })

  test.each<[string, string | string[]]>([
    ['two of them', ['a', 'b']],
    ['two in one line', 'a,b'],
    ['an empty one', ''],
    ['one with a blank', 'a b'],
    ['one that is too long', 'x'.repeat(65)],
  ])('%s: no handshake is told', (_, tls) => {
    expect(read({ ...USUAL, 'x-ja4': tls }).tls).toBeUndefined()
  })

  test('of an entrypoint that names no header nothing is told', () => {
    expect(read(USUAL, FIREFOX, '')).toEqual({ tls: undefined, value: undefined })
  })

  test('without program and handshake there is none', () => {
    expect(read({ 'accept-language': 'de' }, NONE)).toEqual({ tls: undefined, value: undefined })
    expect(read({ 'x-ja4': 'abc' }, NONE)).toEqual({ tls: 'abc', value: expect.any(String) })
  })

  test('long headers are cut, and the same software is the same object', () => {
    const long = (end: string) => read({ ...USUAL, 'accept-language': 'x'.repeat(128) + end })
    expect(long('a')).toEqual(long('b'))
    const fingerprint = compileFingerprint()
    const ask = () =>
      fingerprint(
        checkOf({ headers: new Map([['accept-language', ['de']]]) }),
        entrypointOf({ fingerprintHeader: 'x-ja4' }),
        FIREFOX,
      )
    expect(ask()).toBe(ask())
  })
})
