import { Buffer } from 'node:buffer'
import { X509Certificate } from 'node:crypto'
import { describe, expect, test } from '@jest/globals'
import { proveByCertificate } from '../../../src/identity/bindings/mtls.ts'
import type { Entrypoint } from '../../../src/model.ts'
import { makeCheck, makeEntrypoint } from '../../harness/requests.ts'

/** RFC 8705 appendix A. */
const BASE64 =
  'MIIBBjCBrAIBAjAKBggqhkjOPQQDAjAPMQ0wCwYDVQQDDARtdGxzMB4XDTE4MTAxODEyMzcwOVoXDTIyMDUwMjEyMzcwOVowDzENMAsGA1UEAwwEbXRsczBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABNcnyxwqV6hY8QnhxxzFQ03C7HKW9OylMbnQZjjJ/Au08/coZwxS7LfA4vOLS9WuneIXhbGGWvsDSb0tH6IxLm8wCgYIKoZIzj0EAwIDSQAwRgIhAP0RC1E+vwJD/D1AGHGzuri+hlV/PpQEKTWUVeORWz83AiEA5x2eXZOVbUlJSGQgjwD5vaUaKlLR50Q2DmFfQj1L+SY='
const X5T = 'A4DtL2JmUMhAsvJj5tKyn64SqzmuXbMrJa0n761y5v0'
const HEX = '0380ed2f626650c840b2f263e6d2b29fae12ab39ae5db32b25ad27efad72e6fd'
const OTHER_HEX = '468ed33be74eee6556d90c0149c1309e9ba61d6425303443c0748a02dd8de688'
const DER = Buffer.from(BASE64, 'base64')
const PEM = `-----BEGIN CERTIFICATE-----\n${BASE64.replace(/.{64}/g, '$&\n')}\n-----END CERTIFICATE-----\n`
const PROXY = '192.0.2.7'

interface Case {
  readonly certificate?: Uint8Array
  readonly xfcc?: string | string[]
  readonly clientCert?: string | string[]
  readonly entrypoint?: Partial<Entrypoint>
  readonly isBelieved?: boolean
}

function verdict(c: Case): string {
  const { certificate } = c
  const source = { ip: PROXY, port: 1, principal: '', ...(certificate === undefined ? {} : { certificate }) }
  const headers: Record<string, string | string[]> = {}
  if (c.xfcc !== undefined) headers['x-forwarded-client-cert'] = c.xfcc
  if (c.clientCert !== undefined) headers['client-cert'] = c.clientCert
  const entrypoint = makeEntrypoint(c.entrypoint)
  const result = proveByCertificate(X5T, makeCheck({ source, headers }), entrypoint, c.isBelieved ?? true)
  return result.ok ? 'ok' : result.failure
}

const trustsXfcc = { trustsXfcc: true }
const trustsProxy = { clientCertFrom: ['192.0.2.0/24'] }

test('the vector is a certificate', () => expect(new X509Certificate(PEM).raw).toEqual(DER))

describe('the certificate of the connection', () => {
  test('MTLS-01 RFC 8705 appendix A', () => expect(verdict({ certificate: DER })).toBe('ok'))

  test('MTLS-02 another certificate', () => {
    expect(verdict({ certificate: Buffer.concat([DER, Buffer.of(0)]) })).toBe('identity.mtls.mismatch')
  })

  test('MTLS-03 no chain and no dates are validated: the vector expired in 2022 and is self-signed', () => {
    expect(verdict({ certificate: DER, entrypoint: { peerVerified: false } })).toBe('ok')
  })

  test('MTLS-04 no certificate', () => expect(verdict({})).toBe('identity.mtls.missing'))

  test('MTLS-04 from a caller that has not proved who it is', () => {
    const entrypoint = { ...trustsXfcc, ...trustsProxy }
    for (const c of [{ certificate: DER }, { xfcc: `Hash=${HEX}` }, { clientCert: `:${BASE64}:` }]) {
      expect(verdict({ ...c, entrypoint })).toBe('ok')
      expect(verdict({ ...c, entrypoint, isBelieved: false })).toBe('identity.mtls.untrusted-caller')
    }
    expect(verdict({ entrypoint, isBelieved: false })).toBe('identity.mtls.missing')
  })

  test('wins over what headers say', () => {
    const other = Buffer.from('another certificate')
    const entrypoint = { ...trustsXfcc, ...trustsProxy }
    expect(verdict({ certificate: other, xfcc: `Hash=${HEX}`, clientCert: `:${BASE64}:`, entrypoint })).toBe(
      'identity.mtls.mismatch',
    )
  })
})

describe('x-forwarded-client-cert', () => {
  const cert = encodeURIComponent(PEM)
  const begin = '-----BEGIN CERTIFICATE-----'
  const framed = (body: string) => `${begin}${body}-----END CERTIFICATE-----`
  test.each<[string, string | string[], string]>([
    ['hash', `By=spiffe://a;Hash=${HEX};URI=spiffe://b`, 'ok'],
    ['hash in upper case, key in lower', `hash=${HEX.toUpperCase()}`, 'ok'],
    ['certificate', `Cert="${cert}"`, 'ok'],
    ['certificate whose + is not escaped', `Cert="${cert.replaceAll('%2B', '+')}"`, 'ok'],
    ['certificate with chain', `Cert="${cert}";Chain="${cert}${cert}"`, 'ok'],
    ['another hash', `Hash=${OTHER_HEX}`, 'identity.mtls.mismatch'],
    ['only the last element counts', `Hash=${HEX},Hash=${OTHER_HEX}`, 'identity.mtls.mismatch'],
    ['an element spoofed first', `Hash=${OTHER_HEX},By=a;Hash=${HEX}`, 'ok'],
    ['the last line counts', [`Hash=${HEX}`, `Hash=${OTHER_HEX}`], 'identity.mtls.mismatch'],
    ['hash inside a quoted subject', `Hash=${OTHER_HEX};Subject="a,Hash=${HEX}"`, 'identity.mtls.mismatch'],
    ['more behind the hash', `Hash=${HEX}00`, 'identity.mtls.missing'],
    ['no hex behind the hash, where a lenient reader stops', `Hash=${HEX}zz`, 'identity.mtls.missing'],
    [
      'a percent sign that begins nothing, behind a good certificate',
      `Cert="${cert}%"`,
      'identity.mtls.missing',
    ],
    ['and one with half of a number', `Cert="${cert}%4z"`, 'identity.mtls.missing'],
    ['base64url instead of hex', `Hash=${X5T}`, 'identity.mtls.missing'],
    ['neither hash nor certificate', 'By=spiffe://a;URI=spiffe://b', 'identity.mtls.missing'],
    ['chain only', `Chain="${cert}"`, 'identity.mtls.missing'],
    ['broken certificate', 'Cert="%zz"', 'identity.mtls.missing'],
    ['no PEM', 'Cert="abc"', 'identity.mtls.missing'],
    ['blanks around its lines', `Cert="${encodeURIComponent(`\n ${PEM.replaceAll('\n', ' \r\n')}`)}"`, 'ok'],
    ['no end', `Cert="${cert.slice(0, -20)}"`, 'identity.mtls.missing'],
    ['something inside that is no base64', `Cert="${cert.replace('MII', 'M.I')}"`, 'identity.mtls.missing'],
    ['padding inside', `Cert="${cert.replace('MII', 'M%3DI')}"`, 'identity.mtls.missing'],
    ['nothing inside', `Cert="${encodeURIComponent(framed('\n'))}"`, 'identity.mtls.missing'],
    ['nothing but line breaks inside', `Cert="${framed('%0A'.repeat(10_000))}"`, 'identity.mtls.missing'],
    ['line breaks and no end', `Cert="${begin}${'%0A'.repeat(10_000)}A"`, 'identity.mtls.missing'],
    [
      'larger than certificates are',
      `Cert="${framed(`%0A${'A'.repeat(40_000)}%0A`)}"`,
      'identity.mtls.missing',
    ],
    ['malformed', `Subject="a;Hash=${HEX}`, 'identity.mtls.missing'],
  ])('MTLS-01 %s', (_, xfcc, expected) => {
    expect(verdict({ xfcc, entrypoint: trustsXfcc })).toBe(expected)
  })

  test('is not read where the entrypoint does not trust it', () => {
    expect(verdict({ xfcc: `Hash=${HEX}` })).toBe('identity.mtls.missing')
  })
})

describe('Client-Cert (RFC 9440)', () => {
  const good = `:${BASE64}:`
  test('from a configured proxy', () => {
    expect(verdict({ clientCert: good, entrypoint: trustsProxy })).toBe('ok')
  })

  test.each<[string, Case]>([
    ['no proxy is configured', { clientCert: good }],
    ['another address', { clientCert: good, entrypoint: { clientCertFrom: ['198.51.100.0/24'] } }],
    ['a list', { clientCert: `${good}, ${good}`, entrypoint: trustsProxy }],
    ['repeated', { clientCert: [good, good], entrypoint: trustsProxy }],
    ['base64url', { clientCert: `:${DER.toString('base64url')}:`, entrypoint: trustsProxy }],
    ['a network that is none', { clientCert: good, entrypoint: { clientCertFrom: ['everywhere'] } }],
  ])('is not believed: %s', (_, c) => expect(verdict(c)).toBe('identity.mtls.missing'))
})
