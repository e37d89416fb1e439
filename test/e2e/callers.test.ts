/** Callers that are no API clients, through a real Envoy and a real Vigil: what a browser or an agent sees. */
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { ROOT } from '../../scripts/root.ts'
import { ENVOY_VERSIONS } from '../../scripts/tools/catalog.ts'
import { type Envoy, PATIENT_DEADLINE, startEnvoy } from '../harness/envoy.ts'
import { type RawRequest, sendHttp1, sendHttp2 } from '../harness/http.ts'
import { freePorts } from '../harness/ports.ts'
import { issuerOf, mintAccessToken } from '../harness/tokens.ts'
import { describeWithEnvoy } from '../harness/tools.ts'
import { startVigil, type VigilProcess } from '../harness/vigil.ts'

const APP = 'https://app.example.com'
const now = Math.floor(Date.now() / 1000)
const token = (claims: object = {}) =>
  mintAccessToken({ claims: { iat: now - 10, exp: now + 600, auth_time: now - 400, ...claims } })

const SETTINGS = {
  entrypoints: [{ name: 'gateway', externalOrigins: ['https://api.example.com'], forwardsCredential: false }],
  identity: { issuers: [issuerOf({ cookie: { name: '__Host-session' } })] },
  actions: [
    {
      name: 'read-file',
      match: { paths: ['/mcp'], mcpTools: ['read_file'] },
      sensitivity: 'low',
    },
    { name: 'mcp', match: { paths: ['/mcp'] }, sensitivity: 'low' },
    { name: 'read', match: { methods: ['GET'], paths: ['/v1/{rest...}'] }, sensitivity: 'low' },
    {
      name: 'pay',
      match: { paths: ['/pay/{rest...}'] },
      sensitivity: 'low',
      authentication: { maxAgeSeconds: 300 },
    },
  ],
  policy: [{ name: 'closed', when: 'request.path == "/v1/closed"', effect: 'deny' }],
  enforcement: {
    cors: { origins: [APP] },
    resourceMetadata: [{ resource: 'https://api.example.com' }],
    loginUrl: `${APP}/login?max_age={max_age}&return_to={return_to}`,
  },
}

let vigil: VigilProcess

beforeAll(async () => {
  vigil = await startVigil({ config: SETTINGS, server: PATIENT_DEADLINE })
}, 60_000)
afterAll(() => vigil?.stop())

for (const version of ENVOY_VERSIONS) {
  describeWithEnvoy('callers', version, (binary) => {
    let envoy: Envoy
    let app: Server
    let port: number

    beforeAll(async () => {
      const ports = await freePorts('ADMIN_PORT', 'LISTENER_PORT', 'APP_PORT')
      port = ports.LISTENER_PORT
      app = createServer((request, response) => {
        response.setHeader('access-control-allow-origin', request.headers.origin ?? '')
        response.end(JSON.stringify({ method: request.method, headers: request.headers }))
      }).listen(ports.APP_PORT, '127.0.0.1')
      await once(app, 'listening')
      const all = { ...ports, VIGIL_PORT: vigil.port }
      envoy = await startEnvoy({
        bootstrap: join(ROOT, 'envoy', 'sidecar.yaml'),
        ports: all,
        binary,
        isPatient: true,
      })
    }, 30_000)
    afterAll(async () => {
      await envoy?.stop()
      app?.closeAllConnections()
      app?.close()
    })

    const ask = (request: Partial<RawRequest>) => sendHttp1({ port, path: '/v1/x', ...request })
    const bearer = (claims: object = {}) => ['authorization', `Bearer ${token(claims)}`] as const

    test.each([
      [
        'a person',
        'text/html,application/xhtml+xml,*/*;q=0.8',
        'text/html; charset=utf-8',
        /<!doctype html>/,
      ],
      ['a script', 'application/json, text/plain, */*', 'application/problem+json', /^{"type"/],
      ['a terminal', 'text/plain', 'text/plain; charset=utf-8', /^Access denied\nDecision: /],
    ])('%s is told a denial in its own form', async (_who, accept, type, text) => {
      const answer = await ask({ path: '/v1/closed', headers: [['accept', accept], bearer()] })
      expect(answer.status).toBe(403)
      expect(answer.values('content-type')).toEqual([type])
      expect(answer.body).toMatch(text)
    })

    test('PRM-01 PRM-02 a client without a token finds the authorization server', async () => {
      const refused = await ask({})
      const url = /resource_metadata="([^"]+)"/.exec(refused.value('www-authenticate') ?? '')?.[1] ?? ''
      expect(url).toBe('https://api.example.com/.well-known/oauth-protected-resource')
      for (const method of ['GET', 'HEAD']) {
        const answer = await ask({ path: new URL(url).pathname, method })
        expect([answer.status, answer.value('content-type')]).toEqual([200, 'application/json'])
        if (method === 'GET')
          expect(JSON.parse(answer.body)).toMatchObject({
            resource: 'https://api.example.com',
            authorization_servers: ['https://idp.example.com'],
          })
      }
    })

    test('MCP-02 of its cookies the application sees all but the one with the token', async () => {
      const held = `__Host-session=${token({})}`
      const seen = async (cookie: string) => {
        const answer = await ask({ headers: [['cookie', cookie]] })
        expect(answer.status).toBe(200)
        return JSON.parse(answer.body).headers
      }
      expect(await seen(`a=1; ${held}; b=2`)).toMatchObject({
        cookie: 'a=1; b=2',
        'x-vigil-subject': 'alice',
      })
      expect(await seen(held)).not.toHaveProperty('cookie')
    })

    test('a cookie with a token in a second line over HTTP/1 cannot be told from a value with a comma', async () => {
      const lines = [
        ['cookie', 'a=1'],
        ['cookie', `__Host-session=${token({})}`],
      ] as const
      expect((await ask({ headers: lines })).status).toBe(400)
      expect((await sendHttp2({ port, path: '/v1/items', headers: lines })).status).toBe(200)
    })

    describe('a client of MCP', () => {
      const call = (tool: string, version = '2026-07-28', more: Partial<RawRequest> = {}) =>
        ask({
          method: 'POST',
          path: '/mcp',
          headers: [
            ['mcp-protocol-version', version],
            ['mcp-method', 'tools/call'],
            ['mcp-name', tool],
            bearer(),
          ],
          ...more,
        })

      test('MCP-02 calls a tool that is named, and its token goes no further', async () => {
        const answer = await call('read_file')
        expect(answer.status).toBe(200)
        const { headers } = JSON.parse(answer.body)
        expect(headers).toMatchObject({ 'mcp-name': 'read_file', 'x-vigil-subject': 'alice' })
        expect(headers).not.toHaveProperty('authorization')
      })

      test.each([
        ['another tool', 'format_disk', '2026-07-28'],
        ['a version that holds nothing against the body', 'read_file', '2025-11-25'],
      ])('MCP-07 MCP-08 %s is refused as JSON-RPC', async (_what, tool, version) => {
        const answer = await call(tool, version)
        expect([answer.status, answer.value('content-type')]).toEqual([403, 'application/json'])
        expect(JSON.parse(answer.body)).toMatchObject({ jsonrpc: '2.0', error: { code: -32001 } })
      })

      test('MCP-06 a token in the query is refused', async () => {
        const answer = await call('read_file', '2026-07-28', { path: `/mcp?access_token=${token()}` })
        expect(answer.status).toBe(400)
      })
    })

    describe('a step-up', () => {
      const pay = (mode: string) =>
        ask({
          path: '/pay/42?to=7',
          headers: [['host', 'evil.example.com'], ['sec-fetch-mode', mode], bearer()],
        })

      test('sends a browser to the login of the application, and back to a configured origin', async () => {
        const answer = await pay('navigate')
        expect(answer.status).toBe(302)
        const back = encodeURIComponent('https://api.example.com/pay/42?to=7')
        expect(answer.values('location')).toEqual([`${APP}/login?max_age=300&return_to=${back}`])
        expect(answer.value('cache-control')).toBe('no-store')
      })

      test('tells a script what is unmet', async () => {
        const answer = await pay('cors')
        expect(answer.status).toBe(401)
        expect(answer.value('www-authenticate')).toContain('insufficient_user_authentication')
      })
    })

    describe('a page of another origin', () => {
      const preflight = (origin: string) =>
        ask({
          method: 'OPTIONS',
          headers: [
            ['origin', origin],
            ['access-control-request-method', 'PUT'],
          ],
        })

      test('its preflight is answered by the application', async () => {
        const answer = await preflight(APP)
        expect(answer.status).toBe(200)
        expect(JSON.parse(answer.body)).toMatchObject({ method: 'OPTIONS' })
      })

      test('that of a stranger does not get there', async () => {
        const answer = await preflight('https://evil.example.com')
        expect(answer.status).toBe(401)
        expect(answer.value('access-control-allow-origin')).toBeUndefined()
      })

      test('its script can read a denial', async () => {
        const answer = await ask({ path: '/v1/closed', headers: [['origin', APP], bearer()] })
        expect(answer.status).toBe(403)
        expect(answer.values('access-control-allow-origin')).toEqual([APP])
        expect(answer.value('vary')).toBe('Origin')
        expect(JSON.parse(answer.body)).toMatchObject({ status: 403 })
      })
    })
  })
}
