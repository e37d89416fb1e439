/** k8s/envoy-sidecar as its files stand, with ports of this machine: what a pod with Envoy and Vigil beside an application does. */
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { parse, stringify } from 'yaml'
import { ROOT } from '../../scripts/root.ts'
import { DEFAULT_ENVOY } from '../../scripts/tools/catalog.ts'
import { type Envoy, startEnvoy } from '../harness/envoy.ts'
import { type RawResponse, sendHttp1 } from '../harness/http.ts'
import { freePorts } from '../harness/ports.ts'
import { runProbe } from '../harness/probe.ts'
import { describeWithEnvoy } from '../harness/tools.ts'
import { startVigil, type VigilProcess } from '../harness/vigil.ts'
import { waitUntil } from '../harness/wait.ts'

const page = (name: string) => readFileSync(join(ROOT, 'k8s', 'envoy-sidecar', name), 'utf8')

describeWithEnvoy('a pod with Envoy and Vigil beside the application', DEFAULT_ENVOY, (binary) => {
  let folder: string
  let app: Server
  let vigil: VigilProcess
  let envoy: Envoy
  let port: number
  const settings = () => join(folder, 'vigil.yaml')

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'vigil-pod-sidecars-'))
    const ports = await freePorts('admin', 'inbound', 'app')
    port = ports.inbound
    app = createServer((request, response) => {
      response.setHeader('content-type', 'application/json')
      response.end(JSON.stringify(request.headers))
    }).listen(ports.app, '127.0.0.1')
    await once(app, 'listening')
    writeFileSync(settings(), page('vigil.yaml').replace('port: 10080', `port: ${port}`))
    // The store and the key are Secrets of the cluster.
    const { acknowledge, server } = parse(page('static.yaml'))
    vigil = await startVigil({ config: settings(), fixed: { acknowledge }, server })
    const bootstrap = page('envoy.yaml')
      .replace('address: 0.0.0.0, port_value: 10080', `address: 127.0.0.1, port_value: ${port}`)
      .replace('port_value: 9901', `port_value: ${ports.admin}`)
      .replace('port_value: 9000', `port_value: ${vigil.port}`)
      .replace('port_value: 8080', `port_value: ${ports.app}`)
    envoy = await startEnvoy({ bootstrap: parse(bootstrap), binary, isPatient: true })
    await waitUntil('answers of Vigil', 20_000, async () => (await get()).status !== 503)
  }, 90_000)

  afterAll(async () => {
    await envoy?.stop()
    await vigil?.stop()
    app?.close()
    rmSync(folder, { recursive: true, force: true })
  }, 60_000)

  const get = (headers: Record<string, string> = {}): Promise<RawResponse> =>
    sendHttp1({ port, path: '/v1/accounts', headers: Object.entries(headers) })
  const probe = () => runProbe('--attachment', `http://127.0.0.1:${port}/v1`)

  test('begins by observing: a request without a credential passes, and not with a forged name', async () => {
    const response = await get({ 'x-vigil-subject': 'mallory' })
    expect(response.status).toBe(200)
    expect(response.body).not.toContain('mallory')
  })

  test('obeys all the same: the canary is refused', async () => {
    expect((await probe()).code).toBe(0)
  }, 30_000)

  test('enforces after an edit, without a restart', async () => {
    const { enforcement: _, ...enforced } = parse(readFileSync(settings(), 'utf8'))
    writeFileSync(settings(), stringify(enforced))
    await waitUntil('enforced', 20_000, async () => (await get()).status === 401)
    expect((await probe()).code).toBe(0)
  }, 60_000)

  test('is closed without Vigil', async () => {
    await vigil.stop()
    expect((await get()).status).toBe(503)
  }, 60_000)
})
