import { Buffer } from 'node:buffer'
import { describe, expect, test } from '@jest/globals'
import { parseClientCert } from '../../src/lib/client-cert.ts'

const DER = Buffer.from('certificate')
const GOOD = `:${DER.toString('base64')}:`

describe('Client-Cert (RFC 9440 section 2.2)', () => {
  test('one byte sequence', () => expect(parseClientCert([GOOD])).toEqual(DER))
  test('white space around it', () => expect(parseClientCert([` ${GOOD} `])).toEqual(DER))

  test.each<[string, string[]]>([
    ['absent', []],
    ['repeated', [GOOD, GOOD]],
    ['a list', [`${GOOD}, ${GOOD}`]],
    ['empty', ['']],
    ['empty sequence', ['::']],
    ['without colons', [DER.toString('base64')]],
    ['base64url', [':_-8=:']],
    ['padding missing', [`:${DER.toString('base64').replace('=', '')}:`]],
    ['unused bits set', [':Zx==:']],
    ['with parameters', [`${GOOD};a=b`]],
    ['PEM', ['-----BEGIN CERTIFICATE-----']],
    ['too long', [`:${'A'.repeat(40_000)}:`]],
  ])('refuses: %s', (_, lines) => expect(parseClientCert(lines)).toBeUndefined())
})
