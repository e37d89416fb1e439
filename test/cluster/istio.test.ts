/** A real istiod makes of the chart's own objects, and of what its notes say, a real Envoy that asks Vigil. */
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { over } from '../chart/harness/values.ts'
import { freePort } from '../harness/ports.ts'
import { issuerOf } from '../harness/tokens.ts'
import { describeWithIstio } from '../harness/tools.ts'
import { expectDone } from './harness/cluster.ts'
import { known, testDecisions } from './harness/decisions.ts'
import { ownAddress, type Workload } from './harness/istio.ts'
import { type Mesh, pointToVigil, startMesh, tellVersions } from './harness/istio-mesh.ts'
import { sidecar } from './harness/istio-objects.ts'

const VALUES = {
  tls: { mode: 'mesh' },
  lifecycle: { preStopSleepSeconds: 1 },
  // One pod, so that its memory knows every proof.
  replicaCount: 1,
  // Without mutual TLS nobody has a principal that could be told apart.
  acknowledge: { anyCaller: true },
  attach: {
    istio: {
      enabled: true,
      policies: [{ name: 'app', namespace: 'shop', selector: { app: 'app' }, exceptPaths: ['/healthz'] }],
    },
  },
  config: {
    static: { server: { drainDelaySeconds: 0, drainTimeoutSeconds: 5 } },
    dynamic: {
      entrypoints: [{ name: 'app', externalOrigins: ['https://api.example.com'] }],
      identity: { issuers: [issuerOf()] },
      actions: [{ name: 'read', match: { paths: ['/v1/items'] }, sensitivity: 'low' }],
    },
  },
}

const APP: Workload = {
  kind: 'sidecar',
  namespace: 'shop',
  name: 'app',
  labels: { app: 'app' },
  address: ownAddress(),
}

let mesh: Mesh
let port: number

const get = (path: string, headers?: Record<string, string>) => mesh.get(port, path, headers)
const becomes = (status: number, headers?: Record<string, string>) => mesh.becomes(port, status, headers)

describeWithIstio('Istio', (helm, version) => {
  beforeAll(async () => {
    mesh = await startMesh({ helm, version, values: VALUES, namespaces: ['shop'], mtls: 'DISABLE' })
    port = await freePort()
    await mesh.apply(sidecar(APP, { inbound: port, app: mesh.app }))
    await pointToVigil(mesh)
    const envoy = await mesh.proxy(APP)
    await becomes(401)
    await tellVersions(mesh, envoy)
  }, 180_000)

  afterAll(() => mesh?.stop(), 60_000)

  testDecisions(get)

  test('does not ask about an excepted path', async () => {
    const { status, seen } = await get('/healthz')
    expect(status).toBe(200)
    expect(seen['x-vigil-decision']).toBeUndefined()
  })

  test('asks with a changed policy without another pod', async () => {
    const pods = mesh.cluster.kubelet.podsOf('vigil').map(({ name }) => name)
    const rule = { name: 'closed', when: 'action.name == "read"', effect: 'deny' }
    await mesh.upgrade(over(VALUES, { config: { dynamic: { policy: [rule] } } }))
    await becomes(403, known())
    await mesh.upgrade(VALUES)
    await becomes(200, known())
    expect(mesh.cluster.kubelet.podsOf('vigil').map(({ name }) => name)).toEqual(pods)
  }, 90_000)

  test('denies all when the provider is one that the mesh does not know', async () => {
    await mesh.upgrade(over(VALUES, { attach: { istio: { provider: 'nobody' } } }))
    await becomes(403, known())
    await mesh.upgrade(VALUES)
    await becomes(200, known())
  }, 90_000)

  test('answers 503 when Vigil is dead, and still serves what is excepted', async () => {
    await mesh.cluster.kubelet.stop()
    expect((await get('/v1/items', known())).status).toBe(503)
    expect((await get('/healthz')).status).toBe(200)
  }, 60_000)

  test('leaves the application unguarded when the release goes: its policies go with it', async () => {
    expectDone(await mesh.cluster.helm(helm, 'uninstall', 'vigil', '-n', 'vigil'))
    await becomes(200)
    expect((await get('/v1/items')).seen['x-vigil-decision']).toBeUndefined()
  }, 60_000)
})
