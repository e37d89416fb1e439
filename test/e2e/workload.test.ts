/** Real Envoy, real Vigil: the peer of a connection is the caller, and a browser's cookie is a credential. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { logIn } from '../../envoy/demo/credentials.ts'
import { type Issuer, startIssuer } from '../../envoy/demo/issuer.ts'
import { API } from '../../envoy/demo/people.ts'
import { startUpstream, type Upstream } from '../../envoy/demo/upstream.ts'
import { createVigil, type Vigil } from '../../envoy/demo/vigil.ts'
import { makeEdgeCerts } from '../../scripts/certs/make.ts'
import { ROOT } from '../../scripts/root.ts'
import { DEFAULT_ENVOY } from '../../scripts/tools/catalog.ts'
import { type Envoy, startEnvoy } from '../harness/envoy.ts'
import { type RawRequest, sendHttp1, sendHttp2 } from '../harness/http.ts'
import { freePorts } from '../harness/ports.ts'
import { describeWithEnvoy } from '../harness/tools.ts'

const COOKIE = '__Host-session'
/** The name in the certificate of scripts/certs. */
const WORKLOAD = 'spiffe://vigil.example/client'

const settingsText = (issuer: string): string =>
  JSON.stringify({
    entrypoints: [{ name: 'gateway', peerVerified: true, externalOrigins: ['https://api.example.com'] }],
    identity: {
      issuers: [{ issuer, audiences: [API], jwks: { uri: `${issuer}/jwks` }, cookie: { name: COOKIE } }],
      workloads: { trustDomains: [{ name: 'vigil.example' }] },
    },
    actions: [{ name: 'any', match: { methods: ['GET', 'POST'] }, sensitivity: 'low' }],
  })

describeWithEnvoy('workloads and cookies behind a real Envoy', DEFAULT_ENVOY, (binary) => {
  let folder: string
  let issuer: Issuer
  let upstream: Upstream
  let vigil: Vigil
  let envoy: Envoy
  let port: number

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'vigil-workload-'))
    const all = await freePorts(
      'LISTENER_PORT',
      'APP_PORT',
      'VIGIL_PORT',
      'PROBES_PORT',
      'ISSUER_PORT',
      'ADMIN_PORT',
    )
    port = all.LISTENER_PORT
    issuer = await startIssuer(all.ISSUER_PORT)
    upstream = await startUpstream(all.APP_PORT)
    const files = { config: join(folder, 'vigil.yaml'), static: join(folder, 'static.yaml') }
    writeFileSync(files.config, settingsText(issuer.url))
    const fixed = {
      server: { listen: [`127.0.0.1:${all.VIGIL_PORT}`], drainDelaySeconds: 0 },
      probes: { listen: `127.0.0.1:${all.PROBES_PORT}` },
      acknowledge: { unverifiedCaller: true },
    }
    writeFileSync(files.static, JSON.stringify(fixed))
    vigil = createVigil(files, all.PROBES_PORT)
    await vigil.start()
    makeEdgeCerts(join(folder, 'envoy', 'certs'))
    const { LISTENER_PORT, APP_PORT, ADMIN_PORT, VIGIL_PORT } = all
    envoy = await startEnvoy({
      bootstrap: join(ROOT, 'envoy', 'edge.yaml'),
      ports: { LISTENER_PORT, APP_PORT, ADMIN_PORT, VIGIL_PORT },
      binary,
      cwd: folder,
    })
  }, 60_000)

  afterAll(async () => {
    await envoy?.stop()
    await vigil?.stop()
    await upstream?.stop()
    await issuer?.stop()
    rmSync(folder, { recursive: true })
  })

  const pem = (file: string) => readFileSync(join(folder, 'envoy', 'certs', file), 'utf8')
  const anybody = () => ({ ca: pem('ca.crt') })
  const workload = () => ({ ...anybody(), cert: pem('client.crt'), key: pem('client.key') })
  const send = (request: Partial<RawRequest>, via = sendHttp2) => via({ port, tls: anybody(), ...request })
  const headersOf = (body: string): Record<string, string> => JSON.parse(body).headers
  const tokenOf = async (user: 'alice' | 'bob') => (await logIn(issuer.url, { user })).token

  test('who shows neither token nor certificate is nobody, whatever their headers say', async () => {
    const forged = [
      ['x-forwarded-client-cert', `URI=${WORKLOAD}`],
      ['x-vigil-workload', WORKLOAD],
    ] as const
    expect((await send({ headers: forged })).status).toBe(401)
  })

  test('a certificate alone is a workload', async () => {
    const response = await send({ tls: workload() })
    expect(response.status).toBe(200)
    expect(headersOf(response.body)).toMatchObject({
      'x-vigil-issuer': 'spiffe://vigil.example',
      'x-vigil-subject': WORKLOAD,
      'x-vigil-workload': WORKLOAD,
    })
  })

  test('with a token it is a fact, and a bad token does not become the workload', async () => {
    const shown = (token: string) =>
      send({ tls: workload(), headers: [['authorization', `Bearer ${token}`]] })
    const token = await tokenOf('alice')
    const response = await shown(token)
    expect(response.status).toBe(200)
    expect(headersOf(response.body)).toMatchObject({
      'x-vigil-subject': 'alice',
      'x-vigil-workload': WORKLOAD,
    })
    expect((await shown(`${token.slice(0, -6)}AAAAAA`)).status).toBe(401)
  })

  test.each([
    ['HTTP/1.1', sendHttp1],
    ['HTTP/2', sendHttp2],
  ])('a cookie over %s is a credential, once and not from another site', async (_, via) => {
    const cookie = `${COOKIE}=${await tokenOf('bob')}`
    const shown = (headers: readonly (readonly [string, string])[], method = 'GET') =>
      send({ method, headers: [['cookie', `theme=dark; ${cookie}`], ...headers] }, via)
    const response = await shown([])
    expect(response.status).toBe(200)
    expect(headersOf(response.body)).toMatchObject({ 'x-vigil-subject': 'bob' })
    expect((await shown([['cookie', cookie]])).status).toBe(400)
    expect((await shown([], 'POST')).status).toBe(403)
    expect((await shown([['origin', 'null']], 'POST')).status).toBe(403)
    expect((await shown([['origin', 'https://evil.example']], 'POST')).status).toBe(403)
    expect((await shown([['origin', 'https://api.example.com']], 'POST')).status).toBe(200)
    expect((await shown([['sec-fetch-site', 'same-origin']], 'POST')).status).toBe(200)
  })
})
