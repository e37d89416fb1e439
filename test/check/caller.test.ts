import type { X509Certificate } from 'node:crypto'
import { describe, expect, test } from '@jest/globals'
import { callerOf, isAllowed, sansOf } from '../../src/check/caller.ts'

const GATEWAY = 'spiffe://mesh/ns/istio-ingress/sa/gateway'
const socket = (subjectAltName: string | undefined, authorized = true) => ({
  authorized,
  getPeerX509Certificate: () => ({ subjectAltName }) as X509Certificate,
})

describe('SANs', () => {
  test.each<[string, readonly string[]]>([
    ['', []],
    [`URI:${GATEWAY}`, [GATEWAY]],
    [`URI:${GATEWAY}, DNS:gw.example.com`, [GATEWAY, 'gw.example.com']],
    ['IP Address:10.0.0.1, email:a@b.c, DNS:gw', ['gw']],
    // Node quotes a name that holds a comma or a quote: somebody tried to look like two names.
    [`DNS:"gw, URI:${GATEWAY}"`, []],
    [`URI:${GATEWAY}, DNS:"a\\"b"`, []],
    [`DNS:"x\\u0000.${GATEWAY}"`, []],
    [`URI: ${GATEWAY}`, [` ${GATEWAY}`]],
  ])('%s', (subjectAltName, sans) => {
    expect(sansOf(subjectAltName)).toEqual(sans)
  })
})

describe('who asks', () => {
  test('a verified client certificate', () => {
    expect(callerOf(socket(`URI:${GATEWAY}`))).toEqual({ state: 'verified', sans: [GATEWAY] })
    expect(callerOf(socket(undefined))).toEqual({ state: 'verified', sans: [] })
  })

  test('a certificate that the handshake has not verified, or none, is nobody', () => {
    expect(callerOf(socket(`URI:${GATEWAY}`, false))).toEqual({ state: 'unverified', sans: [] })
    const bare = { authorized: true, getPeerX509Certificate: () => undefined }
    expect(callerOf(bare)).toEqual({ state: 'unverified', sans: [] })
  })
})

describe('who may ask', () => {
  const verified = (...sans: string[]) => ({ state: 'verified', sans }) as const
  test.each([
    [{ state: 'unverified', sans: [] }, undefined, true],
    [{ state: 'unverified', sans: [] }, [GATEWAY], false],
    // Not reachable through callerOf; a list must not be enough without the handshake.
    [{ state: 'unverified', sans: [GATEWAY] }, [GATEWAY], false],
    [{ state: 'local', sans: [] }, [GATEWAY], true],
    [verified(GATEWAY), [GATEWAY], true],
    [verified('other', GATEWAY), [GATEWAY], true],
    [verified(`${GATEWAY}-evil`), [GATEWAY], false],
    [verified(GATEWAY.toUpperCase()), [GATEWAY], false],
    [verified(), [GATEWAY], false],
    [verified(GATEWAY), [], false],
  ] as const)('%j with %j: %s', (caller, callers, allowed) => {
    expect(isAllowed(caller, callers)).toBe(allowed)
  })
})
