/** An Envoy beside Vigil in one pod: over a Unix socket, as docs/install.md says it, where nobody else can ask. */
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { parse } from 'yaml'
import { ROOT } from '../../scripts/root.ts'
import { DEFAULT_ENVOY } from '../../scripts/tools/catalog.ts'
import { bootstrapText, type Envoy, PATIENT_DEADLINE, startEnvoy } from '../harness/envoy.ts'
import { freePorts } from '../harness/ports.ts'
import { runProbe } from '../harness/probe.ts'
import { describeWithEnvoy } from '../harness/tools.ts'
import { startVigil, type VigilProcess } from '../harness/vigil.ts'
import { waitUntil } from '../harness/wait.ts'

interface Cluster {
  name: string
  type?: string
  cluster_type?: unknown
  load_assignment: { endpoints: [{ lb_endpoints: [{ endpoint: { address: object } }] }] }
}

const CONFIG = {
  entrypoints: [{ name: 'sidecar', externalOrigins: ['https://api.example.com'] }],
  actions: [{ name: 'open', match: { paths: ['/open'] }, anonymous: true }],
  policy: [{ name: 'open', when: 'action.name == "open"', effect: 'allow' }],
}

describeWithEnvoy('a sidecar', DEFAULT_ENVOY, (binary) => {
  const folder = mkdtempSync(join(tmpdir(), 'vigil-socket-'))
  const socket = join(folder, 'grpc.sock')
  let vigil: VigilProcess
  let app: Server
  let envoy: Envoy
  let origin: string

  beforeAll(async () => {
    vigil = await startVigil({ config: CONFIG, socket, server: PATIENT_DEADLINE })
    app = createServer((_request, response) => response.end('hello')).listen(0, '127.0.0.1')
    await once(app, 'listening')
    const ports = await freePorts('ADMIN_PORT', 'LISTENER_PORT')
    const APP_PORT = (app.address() as AddressInfo).port
    const file = join(ROOT, 'envoy', 'sidecar.yaml')
    const bootstrap = parse(bootstrapText(file, { ...ports, APP_PORT, VIGIL_PORT: 9 }))
    const cluster = bootstrap.static_resources.clusters.find(
      ({ name }: Cluster) => name === 'vigil',
    ) as Cluster
    delete cluster.cluster_type
    cluster.type = 'STATIC'
    cluster.load_assignment.endpoints[0].lb_endpoints[0].endpoint.address = { pipe: { path: socket } }
    envoy = await startEnvoy({ bootstrap, binary, isPatient: true })
    origin = `http://127.0.0.1:${ports.LISTENER_PORT}`
  }, 90_000)
  afterAll(async () => {
    await envoy?.stop()
    await vigil?.stop()
    app?.closeAllConnections()
    app?.close()
    rmSync(folder, { recursive: true, force: true })
  }, 60_000)

  const get = (path: string) => fetch(`${origin}${path}`, { headers: { host: 'api.example.com' } })

  test('passes what Vigil lets pass, and refuses the rest', async () => {
    await waitUntil('an answer', 20_000, async () => (await get('/open')).status === 200)
    expect(await (await get('/open')).text()).toBe('hello')
    expect((await get('/closed')).status).toBe(401)
  }, 40_000)

  test('is somebody whom Vigil believes without a certificate', async () => {
    // Records are written after the answer.
    const isTold = () => vigil.running.output().includes('"caller":{"state":"local"')
    await waitUntil('a record', 20_000, isTold)
    expect(vigil.running.output()).not.toContain('"state":"unverified"')
  }, 30_000)

  test('is proved by the canary', async () => {
    const { code, output } = await runProbe('--attachment', `${origin}/`, '--host', 'api.example.com')
    expect(output).toContain('ok')
    expect(code).toBe(0)
  }, 30_000)
})

test('docs/install.md says what was changed in the bootstrap', () => {
  const page = readFileSync(join(ROOT, 'docs', 'install.md'), 'utf8')
  for (const words of [
    '`type: STATIC`',
    'in place of `cluster_type`',
    'pipe: { path: /run/vigil/grpc.sock }',
  ])
    expect(page).toContain(words)
})
