/** Upgrades to WebSocket through a real Envoy and a real Vigil: asked once, before the application sees anything. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import { parse } from 'yaml'
import { makeEdgeCerts } from '../../scripts/certs/make.ts'
import { ROOT } from '../../scripts/root.ts'
import { ENVOY_VERSIONS } from '../../scripts/tools/catalog.ts'
import { bootstrapText, type Envoy, PATIENT_DEADLINE, startEnvoy } from '../harness/envoy.ts'
import { type ClientTls, sendBytes } from '../harness/http.ts'
import { freePorts } from '../harness/ports.ts'
import { issuerOf, mintAccessToken } from '../harness/tokens.ts'
import { describeWithEnvoy } from '../harness/tools.ts'
import { startVigil, type VigilProcess } from '../harness/vigil.ts'
import { openWebSocket, openWebSocket2, type SocketApp, startSocketApp } from '../harness/websocket.ts'

const COOKIE = '__Host-session'
const APP = 'https://app.example.com'
const now = Math.floor(Date.now() / 1000)
const token = (claims: object = {}) =>
  mintAccessToken({ claims: { iat: now - 10, exp: now + 600, auth_time: now - 400, ...claims } })

const SETTINGS = {
  entrypoints: [{ name: 'gateway', externalOrigins: ['https://api.example.com'] }],
  identity: { issuers: [issuerOf({ cookie: { name: COOKIE, allowedOrigins: [APP] } })] },
  actions: [
    { name: 'few', match: { methods: ['GET'], paths: ['/few'] }, sensitivity: 'low' },
    { name: 'chat', match: { methods: ['GET'], paths: ['/chat/{room}'] }, sensitivity: 'low' },
    {
      name: 'pay',
      match: { methods: ['GET'], paths: ['/pay'] },
      sensitivity: 'low',
      authentication: { maxAgeSeconds: 300 },
    },
  ],
  policy: [{ name: 'closed', when: 'request.path == "/chat/closed"', effect: 'deny' }],
  risk: { limits: [{ name: 'one', per: 'subject', actions: ['few'], requests: 1, windowSeconds: 3600 }] },
  enforcement: { loginUrl: `${APP}/login?return_to={return_to}` },
}

/** Without this Envoy tells no browser that WebSockets may come over HTTP/2. */
const HTTP2 = 'http2_protocol_options:\n                  max_concurrent_streams: 100'

let vigil: VigilProcess
let folder: string

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'vigil-websocket-'))
  makeEdgeCerts(join(folder, 'envoy', 'certs'))
  vigil = await startVigil({ config: SETTINGS, server: PATIENT_DEADLINE })
}, 60_000)
afterAll(async () => {
  await vigil?.stop()
  rmSync(folder, { recursive: true, force: true })
})

for (const version of ENVOY_VERSIONS) {
  describeWithEnvoy('WebSockets', version, (binary) => {
    let envoy: Envoy
    let app: SocketApp
    let port: number
    let tls: ClientTls

    beforeAll(async () => {
      const ports = await freePorts('ADMIN_PORT', 'LISTENER_PORT', 'APP_PORT')
      port = ports.LISTENER_PORT
      tls = { ca: readFileSync(join(folder, 'envoy', 'certs', 'ca.crt'), 'utf8') }
      app = await startSocketApp(ports.APP_PORT)
      const all = { ...ports, VIGIL_PORT: vigil.port }
      const text = bootstrapText(join(ROOT, 'envoy', 'edge.yaml'), all)
      expect(text).toContain(HTTP2)
      const edited = text.replace(HTTP2, `${HTTP2}\n                  allow_connect: true`)
      envoy = await startEnvoy({ bootstrap: parse(edited) as object, binary, cwd: folder, isPatient: true })
    }, 30_000)
    afterAll(async () => {
      await envoy?.stop()
      await app?.stop()
    })
    beforeEach(() => {
      app.seen.length = 0
    })

    describe.each([
      ['HTTP/1.1', openWebSocket, 101],
      ['HTTP/2', openWebSocket2, 200],
    ] as const)('over %s', (protocol, open, isOpen) => {
      const subject = `${protocol}-${version}`
      const ask = (path: string, ...headers: (readonly [string, string])[]) =>
        open({ port, path, headers, tls })
      const bearer = (claims: object = {}) =>
        ['authorization', `Bearer ${token({ sub: subject, ...claims })}`] as const
      const cookie = ['cookie', `${COOKIE}=${token({ sub: subject })}`] as const

      test('one that may is open, and the application knows whose it is', async () => {
        const answer = await ask('/chat/1', bearer(), ['x-vigil-subject', 'mallory'])
        expect(answer.status).toBe(isOpen)
        expect(answer.seen).toMatchObject({ 'x-vigil-subject': subject, upgrade: 'websocket' })
      })

      test('no credential: 401 with the challenges', async () => {
        const { status, headers, body } = await ask('/chat/1')
        expect([status, headers['content-type']]).toEqual([401, 'application/problem+json'])
        expect(headers['www-authenticate']).toContain('Bearer')
        expect(JSON.parse(body)).toMatchObject({ type: 'urn:vigil:problem:authentication-required' })
        expect(app.seen).toEqual([])
      })

      test('denied: 403', async () => {
        const { status, headers, body } = await ask('/chat/closed', bearer())
        expect([status, headers['content-type']]).toEqual([403, 'application/problem+json'])
        expect(JSON.parse(body)).toMatchObject({ title: 'Access denied' })
        expect(app.seen).toEqual([])
      })

      test.each(['websocket', 'navigate'])('step-up in mode %s: 401 and no redirect', async (mode) => {
        const { status, headers } = await ask('/pay', bearer(), ['sec-fetch-mode', mode])
        expect(status).toBe(401)
        expect(headers['www-authenticate']).toContain('error="insufficient_user_authentication"')
        expect(headers).not.toHaveProperty('location')
        expect(app.seen).toEqual([])
      })

      test('throttled: 429 with the wait', async () => {
        expect((await ask('/few', bearer())).status).toBe(isOpen)
        const { status, headers } = await ask('/few', bearer())
        expect(status).toBe(429)
        expect(Number(headers['retry-after'])).toBeGreaterThan(0)
        expect(app.seen).toEqual(['/few'])
      })

      test('a token among the subprotocols or in the query is none', async () => {
        expect((await ask('/chat/1', ['sec-websocket-protocol', `bearer, ${token()}`])).status).toBe(401)
        expect((await ask(`/chat/1?access_token=${token()}`)).status).toBe(400)
        expect(app.seen).toEqual([])
      })

      test.each([
        ['another site', ['origin', 'https://evil.example'], 403],
        ['a sandboxed page', ['origin', 'null'], 403],
        ['a site beside it', ['sec-fetch-site', 'same-site'], 403],
        ['nobody says who', ['x-nothing', ''], 403],
        ['the page of the API itself', ['origin', 'https://api.example.com'], isOpen],
        ['the app', ['origin', APP], isOpen],
      ] as const)('with a cookie, from %s', async (_who, header, status) => {
        expect((await ask('/chat/1', cookie, header)).status).toBe(status)
        expect(app.seen).toEqual(status === isOpen ? ['/chat/1'] : [])
      })
    })

    test('what is sent behind a refused upgrade reaches nobody without a check', async () => {
      const lines = ['host: api.example.com', 'connection: Upgrade', 'upgrade: websocket']
      const key = ['sec-websocket-version: 13', 'sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==']
      const first = `GET /chat/1 HTTP/1.1\r\n${[...lines, ...key].join('\r\n')}\r\n\r\n`
      const smuggled = 'GET /chat/2 HTTP/1.1\r\nhost: api.example.com\r\nconnection: close\r\n\r\n'
      expect(await sendBytes(port, first + smuggled, tls)).toMatch(/^HTTP\/1\.1 401 /)
      expect(app.seen).toEqual([])
    })
  })
}
