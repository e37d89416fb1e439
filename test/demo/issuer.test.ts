/** The demo's authorization server hands out what RFC 9068, 9449 and 8705 say, so that the demo shows real tokens. */
import { createHash, X509Certificate } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { calculateThumbprint } from 'dpop'
import { createRemoteJWKSet, decodeProtectedHeader, jwtVerify } from 'jose'
import {
  type Credential,
  type Login,
  logIn,
  machineToken,
  newKey,
  proofFor,
} from '../../envoy/demo/credentials.ts'
import { type Issuer, startIssuer } from '../../envoy/demo/issuer.ts'
import { API, OTHER_API } from '../../envoy/demo/people.ts'
import { makeCa } from '../../scripts/certs/make.ts'
import { freePort } from '../harness/ports.ts'

let issuer: Issuer
beforeAll(async () => {
  issuer = await startIssuer(await freePort())
})
afterAll(() => issuer.stop())

async function claimsOf({ token }: Credential, audience = API) {
  const keys = createRemoteJWKSet(new URL(`${issuer.url}/jwks`))
  const options = { issuer: issuer.url, audience, typ: 'at+jwt', algorithms: ['ES256'] }
  return (await jwtVerify(token, keys, options)).payload
}

const logInAs = (login: Partial<Login> = {}) => logIn(issuer.url, { user: 'alice', ...login })

describe('the demo’s authorization server', () => {
  test('a login gives an RFC 9068 token that tells who, how, when, where', async () => {
    const before = Math.floor(Date.now() / 1000)
    const credential = await logInAs({ acr: 'phr', device: 'alice-laptop', scopes: ['accounts.read'] })
    const claims = await claimsOf(credential)
    expect(decodeProtectedHeader(credential.token)).toMatchObject({ typ: 'at+jwt', alg: 'ES256' })
    expect(claims).toMatchObject({
      sub: 'alice',
      client_id: 'demo-app',
      scope: 'accounts.read',
      acr: 'phr',
      amr: ['hwk', 'user', 'mfa'],
      device_id: 'alice-laptop',
      accounts: ['A-100', 'A-101'],
    })
    expect(claims['auth_time']).toBeGreaterThanOrEqual(before)
    expect(claims['sid']).toEqual(expect.any(String))
    expect(claims['cnf']).toBeUndefined()
  })

  test('a token for the other API names only that', async () => {
    const { aud } = await claimsOf(await logInAs({ audience: OTHER_API }), OTHER_API)
    expect(aud).toBe(OTHER_API)
  })

  test('a second login in the same browser keeps the session, a first one makes another', async () => {
    const first = await logInAs({ user: 'bob' })
    const again = await claimsOf(await logInAs({ user: 'bob', again: first, acr: 'mfa' }))
    const other = await claimsOf(await logInAs({ user: 'bob' }))
    const { sid } = await claimsOf(first)
    expect([again['sid'] === sid, other['sid'] === sid]).toEqual([true, false])
    expect(again['acr']).toBe('mfa')
  })

  test('with a DPoP key the token is bound to it, and proofs are for one request', async () => {
    const key = await newKey()
    const credential = await logInAs({ key })
    expect(credential.scheme).toBe('DPoP')
    expect((await claimsOf(credential))['cnf']).toEqual({ jkt: await calculateThumbprint(key.publicKey) })
    const proof = await proofFor(credential, { method: 'GET', url: 'http://127.0.0.1:10000/v1/accounts' })
    const [, payload = ''] = proof.split('.')
    expect(JSON.parse(Buffer.from(payload, 'base64url').toString())).toMatchObject({
      htm: 'GET',
      htu: 'http://127.0.0.1:10000/v1/accounts',
      ath: createHash('sha256').update(credential.token).digest('base64url'),
    })
  })

  test('with a client certificate the token is bound to it', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'vigil-issuer-'))
    try {
      const certificate = readFileSync(makeCa(folder).cert, 'utf8')
      const { cnf } = await claimsOf(await logInAs({ certificate }))
      const der = new X509Certificate(certificate).raw
      expect(cnf).toEqual({ 'x5t#S256': createHash('sha256').update(der).digest('base64url') })
    } finally {
      rmSync(folder, { recursive: true })
    }
  })

  test('a machine’s token knows no login', async () => {
    const claims = await claimsOf(await machineToken(issuer.url, ['reports.read']))
    expect(claims).toMatchObject({ sub: 'nightly-job', client_id: 'nightly-job', scope: 'reports.read' })
    for (const claim of ['acr', 'amr', 'auth_time', 'sid']) expect(claims[claim]).toBeUndefined()
  })

  test('a token for an agent says who acts, in the user’s name; the user’s own does not', async () => {
    const forAgent = await claimsOf(await logInAs({ isForAgent: true }))
    expect(forAgent).toMatchObject({ sub: 'alice', client_id: 'assistant', act: { sub: 'assistant' } })
    expect((await claimsOf(await logInAs()))['act']).toBeUndefined()
  })

  test('who is unknown gets no token', async () => {
    const login = { user: 'mallory' } as unknown as Login
    await expect(logIn(issuer.url, login)).rejects.toThrow('login_hint must be alice, bob or carol')
  })
})
