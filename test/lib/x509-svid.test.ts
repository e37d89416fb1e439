import { X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { flawOfSvid } from '../../src/lib/x509-svid.ts'

const ID = 'spiffe://mesh.example.com/ns/shop/sa/orders'
const folder = join(import.meta.dirname, '../golden/certificates')
/** Made with openssl. */
const der = (name: string): Buffer => new X509Certificate(readFileSync(join(folder, `${name}.pem`))).raw

describe('the leaf of a workload (X509-SVID sections 2 to 4)', () => {
  test.each([
    ['SPIFFE-03 as it must be, a DNS name beside', 'svid-orders', ID, undefined],
    ['SPIFFE-02 of another workload', 'svid-orders', `${ID}2`, 'has another name than the peer'],
    [
      'SPIFFE-02 in another case',
      'svid-orders',
      ID.replace('orders', 'Orders'),
      'has another name than the peer',
    ],
    ['SPIFFE-02 two URIs, the first of which fits', 'svid-two-uris', ID, 'has 2 URIs instead of one'],
    ['SPIFFE-02 no URI', 'svid-no-uri', ID, 'has 0 URIs instead of one'],
    ['SPIFFE-03 an authority', 'svid-authority', ID, 'is that of an authority'],
    ['SPIFFE-03 keyCertSign', 'svid-signing', ID, 'may sign certificates or revocation lists'],
    ['SPIFFE-03 cRLSign', 'svid-crl', ID, 'may sign certificates or revocation lists'],
    ['SPIFFE-03 no digitalSignature', 'svid-mute', ID, 'may not sign'],
    ['SPIFFE-03 key usage that is not critical', 'svid-lax-usage', ID, 'has no critical key usage'],
    ['SPIFFE-03 no key usage', 'svid-no-usage', ID, 'has no critical key usage'],
  ])('%s', (_, name, id, flaw) => {
    expect(flawOfSvid(der(name), id)).toBe(flaw)
  })

  test('what is cut off or changed anywhere is judged without a fault', () => {
    const whole = der('svid-orders')
    for (let length = 0; length < whole.length; length++) {
      expect(flawOfSvid(whole.subarray(0, length), ID)).toBe('cannot be read')
    }
    for (let at = 0; at < whole.length; at++) {
      for (const value of [0, 0x7f, 0x80, 0x84, 0x85, 0xff]) {
        const changed = Buffer.from(whole)
        changed[at] = value
        expect(['string', 'undefined']).toContain(typeof flawOfSvid(changed, ID))
      }
    }
  })

  test('an extension that stands there twice is read by nobody', () => {
    const whole = der('svid-two-uris')
    // The identifiers of key usage and of the names differ in their last byte.
    const names = Buffer.from('0603551d11', 'hex')
    const at = whole.indexOf(names)
    expect(at).toBeGreaterThan(0)
    const changed = Buffer.from(whole)
    changed[at + 4] = 0x0f
    expect(flawOfSvid(changed, ID)).toBe('cannot be read')
  })
})
