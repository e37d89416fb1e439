/** Gateway -> sidecar -> application, both Envoys asking one Vigil: the edge proves, the hop carries, each thing counts once. */
import { once as onceEvent } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, request as httpRequest, type IncomingMessage, type Server } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { parse } from 'yaml'
import { type Credential, logIn, newKey, proofFor } from '../../envoy/demo/credentials.ts'
import { type Issuer, startIssuer } from '../../envoy/demo/issuer.ts'
import { API } from '../../envoy/demo/people.ts'
import { type AuditRecord, recordOf } from '../../envoy/demo/record.ts'
import { startUpstream, type Upstream } from '../../envoy/demo/upstream.ts'
import { createVigil, type Vigil } from '../../envoy/demo/vigil.ts'
import { makeEdgeCerts } from '../../scripts/certs/make.ts'
import { ROOT } from '../../scripts/root.ts'
import { DEFAULT_ENVOY } from '../../scripts/tools/catalog.ts'
import { type Envoy, startEnvoy } from '../harness/envoy.ts'
import { type RawResponse, sendHttp1 } from '../harness/http.ts'
import { freePorts } from '../harness/ports.ts'
import { describeWithEnvoy } from '../harness/tools.ts'

const ORIGIN = 'https://api.example.com'
const READ = '/v1/accounts'
const COUNTED = '/v1/reports'
const LIMIT = 3
type Headers = readonly (readonly [string, string])[]

/** What the gateway sent on, most recent last: only somebody on the inner network sees this. */
const wiretap: Headers[] = []

/** Forwards everything to the sidecar and keeps the headers. */
async function startWiretap(port: number, to: number): Promise<Server> {
  const server = createServer((request: IncomingMessage, response) => {
    const { method, url: path, rawHeaders } = request
    const pairs = rawHeaders.flatMap((name, i, all) =>
      i % 2 === 0 ? [[name, all[i + 1] ?? ''] as const] : [],
    )
    wiretap.push(pairs)
    const onward = httpRequest({
      host: '127.0.0.1',
      port: to,
      method,
      path,
      headers: rawHeaders,
      setHost: false,
    })
    onward.on('response', (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.rawHeaders)
      answer.pipe(response)
    })
    onward.on('error', () => response.destroy())
    request.pipe(onward)
  })
  server.listen(port, '127.0.0.1')
  await onceEvent(server, 'listening')
  return server
}

/** What envoy/README.md says fits the two bootstraps, with the ports of this run. */
function entrypointsOfThePage(ports: Record<string, number>): unknown {
  const page = readFileSync(join(ROOT, 'envoy', 'README.md'), 'utf8')
  const text = /```yaml\n(entrypoints:[\s\S]*?)```/.exec(page)?.[1] ?? ''
  const filled = text
    .replace('port: 10443', `port: ${ports['EDGE_PORT']}`)
    .replace('port: 10080', `port: ${ports['INSIDE_PORT']}`)
  return (parse(filled) as { entrypoints: unknown }).entrypoints
}

/** One configuration for both Envoys; which of them asks is told by the port that the client reached. */
function settingsText(ports: Record<string, number>, issuer: string, records: string): string {
  return JSON.stringify({
    entrypoints: entrypointsOfThePage(ports),
    identity: {
      issuers: [{ issuer, audiences: [API], jwks: { uri: `${issuer}/jwks` }, binding: 'required' }],
    },
    actions: [
      { name: 'read', match: { paths: [READ] }, sensitivity: 'low' },
      { name: 'counted', match: { paths: [COUNTED] }, sensitivity: 'low' },
    ],
    risk: {
      limits: [{ name: 'few', per: 'subject', actions: ['counted'], requests: LIMIT, windowSeconds: 3600 }],
    },
    audit: { sinks: [{ kind: 'file', path: records }] },
  })
}

describeWithEnvoy('gateway -> sidecar -> application', DEFAULT_ENVOY, (binary) => {
  let folder: string
  let issuer: Issuer
  let upstream: Upstream
  let vigil: Vigil
  let tap: Server
  let envoys: Envoy[]
  let ports: Record<'EDGE_PORT' | 'INSIDE_PORT', number>
  const records = () => join(folder, 'records.jsonl')

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'vigil-chain-'))
    const all = await freePorts(
      'EDGE_PORT',
      'INSIDE_PORT',
      'TAP_PORT',
      'APP_PORT',
      'VIGIL_PORT',
      'PROBES_PORT',
      'ISSUER_PORT',
      'ADMIN_1',
      'ADMIN_2',
    )
    ports = all
    issuer = await startIssuer(all.ISSUER_PORT)
    upstream = await startUpstream(all.APP_PORT)
    const files = { config: join(folder, 'vigil.yaml'), static: join(folder, 'static.yaml') }
    writeFileSync(records(), '')
    writeFileSync(files.config, settingsText(all, issuer.url, records()))
    const server = { listen: [`127.0.0.1:${all.VIGIL_PORT}`], drainDelaySeconds: 0 }
    writeFileSync(
      files.static,
      JSON.stringify({ server, probes: { listen: `127.0.0.1:${all.PROBES_PORT}` } }),
    )
    vigil = createVigil(files, all.PROBES_PORT)
    await vigil.start()
    makeEdgeCerts(join(folder, 'envoy', 'certs'))
    const envoy = (file: string, LISTENER_PORT: number, APP_PORT: number, ADMIN_PORT: number) =>
      startEnvoy({
        bootstrap: join(ROOT, 'envoy', file),
        ports: { LISTENER_PORT, APP_PORT, ADMIN_PORT, VIGIL_PORT: all.VIGIL_PORT },
        binary,
        cwd: folder,
      })
    tap = await startWiretap(all.TAP_PORT, all.INSIDE_PORT)
    envoys = [
      await envoy('sidecar.yaml', all.INSIDE_PORT, all.APP_PORT, all.ADMIN_1),
      await envoy('edge.yaml', all.EDGE_PORT, all.TAP_PORT, all.ADMIN_2),
    ]
  }, 60_000)

  afterAll(async () => {
    for (const envoy of envoys ?? []) await envoy.stop()
    tap?.closeAllConnections()
    tap?.close()
    await vigil?.stop()
    await upstream?.stop()
    await issuer?.stop()
    rmSync(folder, { recursive: true })
  })

  const bound = async (user: 'alice' | 'bob') => logIn(issuer.url, { user, key: await newKey() })
  const proofOf = (credential: Credential, path = READ) =>
    proofFor(credential, { method: 'GET', url: `${ORIGIN}${path}` })
  const headersOf = ({ token }: Credential, proof: string): Headers => [
    ['authorization', `DPoP ${token}`],
    ['dpop', proof],
  ]
  const atGateway = (headers: Headers, path = READ) => {
    const ca = readFileSync(join(folder, 'envoy', 'certs', 'ca.crt'), 'utf8')
    return sendHttp1({ port: ports.EDGE_PORT, path, headers, tls: { ca } })
  }
  const atSidecar = (headers: Headers) => sendHttp1({ port: ports.INSIDE_PORT, path: READ, headers })
  const sentOn = (name: string) => wiretap.at(-1)?.find(([key]) => key === name)?.[1]
  const recordBehind = (response: RawResponse): Promise<AuditRecord> =>
    recordOf(records(), /urn:uuid:([0-9a-f-]{36})/.exec(response.body)?.[1] ?? 'no decision id')
  /** The request got no further than the Envoy that asked, for this reason. */
  const expectRefused = async (response: RawResponse, entrypoint: string, reason: string, status = 401) => {
    const record = await recordBehind(response)
    expect([response.status, record.entrypoint, record.decision.reasons[0]]).toEqual([
      status,
      entrypoint,
      reason,
    ])
  }

  test('a proved request passes both, and the hop does not reach the application', async () => {
    const credential = await bound('alice')
    const response = await atGateway(headersOf(credential, await proofOf(credential)))
    expect(response.status).toBe(200)
    expect(sentOn('x-vigil-hop')).toEqual(expect.any(String))
    const { headers } = JSON.parse(response.body)
    expect(headers).toMatchObject({ 'x-vigil-subject': 'alice' })
    expect(Object.keys(headers).filter((name) => /vigil.hop/.test(name))).toEqual([])
    // Two checks, two decisions: the application is told the inner one.
    expect(headers['x-vigil-decision']).not.toBe(sentOn('x-vigil-decision'))
  })

  test('its replay at the gateway is refused there', async () => {
    const credential = await bound('alice')
    const headers = headersOf(credential, await proofOf(credential))
    expect((await atGateway(headers)).status).toBe(200)
    await expectRefused(await atGateway(headers), 'gateway', 'identity.dpop.replayed')
  })

  test('its replay at the sidecar is refused there, with the captured hop and without', async () => {
    const credential = await bound('bob')
    const headers = headersOf(credential, await proofOf(credential))
    expect((await atGateway(headers)).status).toBe(200)
    const captured: Headers = [...headers, ['x-vigil-hop', sentOn('x-vigil-hop') ?? '']]
    await expectRefused(await atSidecar(captured), 'sidecar', 'identity.hop.repeated', 403)
    await expectRefused(await atSidecar(headers), 'sidecar', 'identity.dpop.replayed')
  })

  test('a forged hop proves nothing', async () => {
    const credential = await bound('bob')
    const forged = 'eyJ2IjoxfQ.Zm9yZ2Vk'
    const bare: Headers = [['authorization', `DPoP ${credential.token}`]]
    await expectRefused(
      await atSidecar([...bare, ['x-vigil-hop', forged]]),
      'sidecar',
      'identity.dpop.missing',
    )
    await expectRefused(
      await atGateway([...bare, ['x-vigil-hop', forged]]),
      'gateway',
      'identity.dpop.missing',
    )
  })

  test('a hop is worth nothing for another token', async () => {
    const [mine, theirs] = [await bound('bob'), await bound('alice')]
    expect((await atGateway(headersOf(mine, await proofOf(mine)))).status).toBe(200)
    const stolen: Headers = [
      ['authorization', `DPoP ${theirs.token}`],
      ['x-vigil-hop', sentOn('x-vigil-hop') ?? ''],
    ]
    await expectRefused(await atSidecar(stolen), 'sidecar', 'identity.dpop.missing')
  })

  test(`${LIMIT} requests of one person count as ${LIMIT}, though six checks were made`, async () => {
    const credential = await bound('alice')
    const once = async () => atGateway(headersOf(credential, await proofOf(credential, COUNTED)), COUNTED)
    for (let i = 1; i <= LIMIT; i++) expect((await once()).status).toBe(200)
    const next = await once()
    expect([next.status, (await recordBehind(next)).entrypoint]).toEqual([429, 'gateway'])
  })
})
