/** `vigil probe --attachment` through a real Envoy: what it says when Vigil is attached, and when something is wrong. */
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { parse } from 'yaml'
import { ROOT } from '../../scripts/root.ts'
import { DEFAULT_ENVOY } from '../../scripts/tools/catalog.ts'
import { bootstrapText, type Envoy, PATIENT_DEADLINE, startEnvoy } from '../harness/envoy.ts'
import { freePort, freePorts } from '../harness/ports.ts'
import { runProbe } from '../harness/probe.ts'
import { describeWithEnvoy } from '../harness/tools.ts'
import { startVigil, type VigilProcess } from '../harness/vigil.ts'

interface Filter {
  name: string
  typed_config: Record<string, unknown>
}
interface Bootstrap {
  static_resources: {
    listeners: [{ filter_chains: [{ filters: [{ typed_config: { http_filters: Filter[] } }] }] }]
  }
}

const SIDECAR = join(ROOT, 'envoy', 'sidecar.yaml')

/** The shipped bootstrap, changed as somebody may change it. */
function changed(ports: Record<string, number>, change: (filters: Filter[]) => Filter[]): object {
  const bootstrap = parse(bootstrapText(SIDECAR, ports)) as Bootstrap
  const { typed_config: manager } = bootstrap.static_resources.listeners[0].filter_chains[0].filters[0]
  manager.http_filters = change(manager.http_filters)
  return bootstrap
}

const isAuthz = ({ name }: Filter) => name === 'envoy.filters.http.ext_authz'
const withAuthz = (members: Record<string, unknown>) => (filters: Filter[]) =>
  filters.map((each) =>
    isAuthz(each) ? { ...each, typed_config: { ...each.typed_config, ...members } } : each,
  )

describeWithEnvoy('probing an attachment', DEFAULT_ENVOY, (binary) => {
  let vigil: VigilProcess
  let observing: VigilProcess
  let app: Server
  const envoys: Envoy[] = []

  beforeAll(async () => {
    const server = PATIENT_DEADLINE
    vigil = await startVigil({ config: {}, server })
    const fixed = { acknowledge: { observe: true } }
    observing = await startVigil({ config: { enforcement: { mode: 'observe' } }, fixed, server })
    app = createServer((_request, response) => response.end('hello')).listen(0, '127.0.0.1')
    await once(app, 'listening')
  }, 90_000)
  afterAll(async () => {
    for (const envoy of envoys) await envoy.stop()
    await vigil?.stop()
    await observing?.stop()
    app?.close()
  }, 60_000)

  /** The probe through an Envoy of its own. */
  async function probeThrough(
    vigilPort: number,
    change: (filters: Filter[]) => Filter[] = (filters) => filters,
  ) {
    const ports = await freePorts('ADMIN_PORT', 'LISTENER_PORT')
    const address = app.address()
    const appPort = typeof address === 'object' && address !== null ? address.port : 0
    const all = { ...ports, APP_PORT: appPort, VIGIL_PORT: vigilPort }
    envoys.push(await startEnvoy({ bootstrap: changed(all, change), binary }))
    return runProbe('--attachment', `http://127.0.0.1:${ports.LISTENER_PORT}/v1`, '--wait', '0')
  }

  test('attached: the refusal of Vigil arrives', async () => {
    const { code, output } = await probeThrough(vigil.port)
    expect(output).toContain('ok    attachment: refused with 403 by Vigil')
    expect(code).toBe(0)
  }, 30_000)

  test('also while Vigil only observes, and the application gets everything else', async () => {
    const { code, output } = await probeThrough(observing.port)
    expect(output).toContain('ok    attachment: refused with 403 by Vigil')
    expect(code).toBe(0)
  }, 30_000)

  test('the filter is missing', async () => {
    const { code, output } = await probeThrough(vigil.port, (filters) => filters.filter((f) => !isAuthz(f)))
    expect(output).toContain('FAIL  attachment: NOT PROTECTED: the canary reached the application')
    expect(code).toBe(1)
  }, 30_000)

  test('Vigil is gone: closed, with the status of the shipped bootstrap', async () => {
    const { code, output } = await probeThrough(await freePort())
    expect(output).toContain('answered 503 by Envoy: closed, but Vigil cannot be reached')
    expect(code).toBe(1)
  }, 30_000)

  test('Vigil is gone: closed, with the status that Envoy has by default', async () => {
    const { code, output } = await probeThrough(await freePort(), withAuthz({ status_on_error: undefined }))
    expect(output).toContain('refused with 403, and not by Vigil')
    expect(code).toBe(1)
  }, 30_000)

  test('Vigil is gone and Envoy fails open', async () => {
    const { code, output } = await probeThrough(await freePort(), withAuthz({ failure_mode_allow: true }))
    expect(output).toContain('NOT PROTECTED')
    expect(output).toContain('failure_mode_allow')
    expect(code).toBe(1)
  }, 30_000)
})

test('the bootstrap has the filter that these tests change', () => {
  expect(readFileSync(SIDECAR, 'utf8')).toContain('envoy.filters.http.ext_authz')
})
