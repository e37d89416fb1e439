/** A real istiod makes of the chart's own objects, and of what its notes say, a real Envoy that asks Vigil. */
import { readFileSync } from 'node:fs'
import type { Server } from 'node:http'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { CLUSTER_TOOLS } from '../../scripts/tools/catalog.ts'
import { over } from '../chart/harness/values.ts'
import type { Envoy } from '../harness/envoy.ts'
import { type RawResponse, sendHttp1 } from '../harness/http.ts'
import { boundHeaders, mintNow } from '../harness/live.ts'
import { freePorts } from '../harness/ports.ts'
import { makeSigner } from '../harness/proofs.ts'
import { issuerOf } from '../harness/tokens.ts'
import { describeWithIstio } from '../harness/tools.ts'
import { waitUntil } from '../harness/wait.ts'
import { type Cluster, expectDone, startCluster } from './harness/cluster.ts'
import { installCrds } from './harness/crds.ts'
import {
  type Istiod,
  meshConfigIn,
  meshObjects,
  pinnedCluster,
  startApp,
  startIstiod,
  startSidecar,
} from './harness/istio.ts'

/** Module and version that a part is built from. */
const moduleOf = (module: string) =>
  readFileSync(CLUSTER_TOOLS[0]?.requirements ?? '', 'utf8').match(new RegExp(`${module} v\\S+`))?.[0]

const SERVICE = 'vigil.vigil.svc.cluster.local'
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

let cluster: Cluster
let istiod: Istiod
let envoy: Envoy
let app: Server
let port: number

interface Got extends RawResponse {
  /** Headers that the application saw; none when it was not asked. */
  readonly seen: Record<string, string>
}

async function get(path: string, headers: Record<string, string> = {}): Promise<Got> {
  const response = await sendHttp1({ port, path, headers: Object.entries(headers) })
  return { ...response, seen: response.status === 200 ? JSON.parse(response.body) : {} }
}

const known = () => ({ authorization: `Bearer ${mintNow()}` })

/** Waits for what istiod has to push first. */
async function becomes(status: number, headers: Record<string, string> = {}): Promise<void> {
  let last = 'nothing'
  const isSo = async () => {
    try {
      const got = await get('/v1/items', headers)
      last = `${got.status} ${got.body}`
      return got.status === status
    } catch (error) {
      last = String(error) // no listener yet
      return false
    }
  }
  try {
    await waitUntil(`status ${status}`, 20_000, isSo)
  } catch (error) {
    throw new Error(
      `${String(error)}; last: ${last}\n${istiod.running.output().replaceAll(/.*(not ready|sync).*\n/g, '')}\n${envoy.logs()}`,
    )
  }
}

const upgrade = async (helm: string, values: unknown) =>
  expectDone(await cluster.put(helm, 'upgrade', 'vigil', values, '--wait', '--timeout', '90s'))

describeWithIstio('Istio', (helm, version) => {
  beforeAll(async () => {
    cluster = await startCluster()
    await installCrds(cluster.api)
    for (const name of ['istio-system', 'shop', 'vigil']) await cluster.namespace(name)
    const said = await cluster.put(helm, 'install', 'vigil', VALUES, '--wait', '--timeout', '90s')
    if (said.status !== 0) throw new Error(said.stderr)
    const mesh = {
      rootNamespace: 'istio-system',
      enableAutoMtls: false,
      ingressControllerMode: 'OFF',
      ...meshConfigIn(said.stdout),
    }
    await cluster.api.apply({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'istio', namespace: 'istio-system' },
      data: { mesh: JSON.stringify(mesh) },
    })
    const ports = await freePorts('inbound', 'app', 'egress')
    port = ports.inbound
    for (const object of meshObjects('shop', 'vigil', ports)) await cluster.api.apply(object)
    const addresses = cluster.kubelet.podsOf('vigil').map(({ address }) => address)
    await cluster.api.apply(pinnedCluster(SERVICE, 9000, addresses))
    app = await startApp(ports.app)
    istiod = await startIstiod(cluster.kubeconfig)
    envoy = await startSidecar(istiod, 'shop', version)
    await becomes(401)
    const server = JSON.parse(await envoy.admin('/server_info')) as { version: string }
    process.stdout.write(
      `Istio: istiod of ${moduleOf('istio.io/istio')} on Kubernetes ${cluster.version} configures Envoy ${server.version}\n`,
    )
  }, 180_000)

  afterAll(async () => {
    await envoy?.stop()
    app?.close()
    await istiod?.stop()
    await cluster?.stop()
  }, 60_000)

  test('passes a known caller on, with the headers of who it is', async () => {
    const { status, seen } = await get('/v1/items', { ...known(), 'x-vigil-subject': 'mallory' })
    expect(status).toBe(200)
    expect(seen['x-vigil-issuer']).toBe('https://idp.example.com')
    expect(seen['x-vigil-subject']).toBeDefined()
    expect(seen['x-vigil-subject']).not.toContain('mallory')
  })

  test('gives a stranger the challenge of Vigil', async () => {
    const response = await get('/v1/items')
    expect(response.status).toBe(401)
    expect(response.value('www-authenticate')).toMatch(/Bearer|DPoP/)
  })

  test('passes a proof of possession on once, and never again', async () => {
    const headers = boundHeaders(await makeSigner('ES256'), '/v1/items')
    expect((await get('/v1/items', headers)).status).toBe(200)
    const again = await get('/v1/items', headers)
    expect(again.status).toBe(401)
    expect(again.value('www-authenticate')).toMatch(/DPoP.*(invalid_dpop_proof|use_dpop_nonce)/)
  })

  test('denies what no action names', async () => {
    expect((await get('/other', known())).status).toBe(403)
  })

  test('does not ask about an excepted path', async () => {
    const { status, seen } = await get('/healthz')
    expect(status).toBe(200)
    expect(seen['x-vigil-decision']).toBeUndefined()
  })

  test('asks with a changed policy without another pod', async () => {
    const pods = cluster.kubelet.podsOf('vigil').map(({ name }) => name)
    const rule = { name: 'closed', when: 'action.name == "read"', effect: 'deny' }
    await upgrade(helm, over(VALUES, { config: { dynamic: { policy: [rule] } } }))
    await becomes(403, known())
    await upgrade(helm, VALUES)
    await becomes(200, known())
    expect(cluster.kubelet.podsOf('vigil').map(({ name }) => name)).toEqual(pods)
  }, 90_000)

  test('denies all when the provider is one that the mesh does not know', async () => {
    await upgrade(helm, over(VALUES, { attach: { istio: { provider: 'nobody' } } }))
    await becomes(403, known())
    await upgrade(helm, VALUES)
    await becomes(200, known())
  }, 90_000)

  test('answers 503 when Vigil is dead, and still serves what is excepted', async () => {
    await cluster.kubelet.stop()
    expect((await get('/v1/items', known())).status).toBe(503)
    expect((await get('/healthz')).status).toBe(200)
  }, 60_000)

  test('leaves the application unguarded when the release goes: its policies go with it', async () => {
    expectDone(await cluster.helm(helm, 'uninstall', 'vigil', '-n', 'vigil'))
    await becomes(200)
    expect((await get('/v1/items')).seen['x-vigil-decision']).toBeUndefined()
  }, 60_000)
})
