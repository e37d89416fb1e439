/** Vigil is closed to strangers in a mesh with real mutual TLS: the chart's objects, a real istiod, real Envoys. */

import { type ChannelCredentials, credentials } from '@grpc/grpc-js'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { openCheckClient } from '../harness/check-client.ts'
import type { Envoy } from '../harness/envoy.ts'
import { freePorts } from '../harness/ports.ts'
import { issuerOf } from '../harness/tokens.ts'
import { describeWithIstio } from '../harness/tools.ts'
import { waitUntil } from '../harness/wait.ts'
import { known } from './harness/decisions.ts'
import { ownAddress, type Workload } from './harness/istio.ts'
import { labelsOfVigil, type Mesh, startMesh, tellVersions } from './harness/istio-mesh.ts'
import { gateway, service, sidecarOfVigil, workloadEntry } from './harness/istio-objects.ts'
import { type Agent, type Authority, makeAuthority, startAgent } from './harness/sds.ts'

const READ = '/v1/items'
const gatewayIn = (namespace: string): Workload => ({
  ...{ kind: 'router', namespace, name: 'gateway', labels: { istio: namespace }, address: ownAddress() },
})
/** Both ask, and the one is a caller. */
const PUBLIC = gatewayIn('istio-ingress')
const STRANGER = gatewayIn('other')
const custom = ({ namespace, labels }: Workload) => ({ name: 'gateway', namespace, selector: labels })

const VALUES = {
  tls: { mode: 'mesh' },
  lifecycle: { preStopSleepSeconds: 1 },
  replicaCount: 1,
  attach: {
    istio: {
      enabled: true,
      policies: [custom(PUBLIC), custom(STRANGER)],
      callers: ['cluster.local/ns/istio-ingress/sa/gateway'],
    },
  },
  config: {
    static: { server: { drainDelaySeconds: 0, drainTimeoutSeconds: 5 } },
    dynamic: {
      entrypoints: [{ name: 'gateway', externalOrigins: ['https://api.example.com'] }],
      identity: { issuers: [issuerOf()] },
      actions: [{ name: 'read', match: { paths: [READ] }, sensitivity: 'low' }],
    },
  },
}

const BIND = ownAddress()

let mesh: Mesh
let authority: Authority
let agents: Agent[]
let ports: Record<'public' | 'stranger', number>
let vigil: Envoy

async function proxy(workload: Workload, usage: 'serverAuth' | 'clientAuth'): Promise<Envoy> {
  const agent = await startAgent(authority.identity(workload.namespace, workload.name, usage))
  agents.push(agent)
  return mesh.proxy(workload, agent.port)
}

/** Vigil's pod, its sidecar, and that the Service leads to the sidecar with mutual TLS, as injection would have it. */
async function startSidecarOfVigil(): Promise<Envoy> {
  const labels = await labelsOfVigil(mesh)
  const address = mesh.cluster.kubelet.podsOf('vigil')[0]?.address ?? ''
  const own: Workload = { kind: 'sidecar', namespace: 'vigil', name: 'vigil', labels, address }
  const inMesh = { ...labels, 'security.istio.io/tlsMode': 'istio' }
  const account = { serviceAccount: 'vigil' }
  await mesh.apply(
    sidecarOfVigil(own, BIND),
    workloadEntry('vigil', 'vigil', inMesh, BIND, { grpc: 9000 }, account),
  )
  return proxy(own, 'serverAuth')
}

/** How a check is answered that comes to Vigil past all gateways, with the certificate of this principal. */
async function asked(channel?: ChannelCredentials): Promise<string> {
  // An address is no name that TLS could ask for.
  const client = openCheckClient(`${BIND}:9000`, channel, { 'grpc.ssl_target_name_override': 'vigil' })
  try {
    return `${(await client.ask({ path: READ })).status}`
  } catch (error) {
    return String(error)
  } finally {
    client.close()
  }
}

const VERIFY = { checkServerIdentity: () => undefined } // names of a mesh are no host names
const as = (namespace: string, account: string) => {
  const { ca, key, cert } = authority.identity(namespace, account, 'clientAuth')
  return credentials.createSsl(Buffer.from(ca), Buffer.from(key), Buffer.from(cert), VERIFY)
}
const withoutCertificate = () => {
  const { ca } = authority.identity('other', 'nobody', 'clientAuth')
  return credentials.createSsl(Buffer.from(ca), null, null, VERIFY)
}

describeWithIstio('Istio with mutual TLS', (helm, version) => {
  beforeAll(async () => {
    authority = makeAuthority()
    agents = []
    ports = await freePorts('public', 'stranger')
    const namespaces = ['istio-ingress', 'other', 'shop']
    mesh = await startMesh({ helm, version, values: VALUES, namespaces, mtls: 'PERMISSIVE' })
    await mesh.apply(
      service('shop', 'app'),
      workloadEntry('shop', 'app', { app: 'app' }, '127.0.0.1', { http: mesh.app }),
      ...gateway(PUBLIC, ports.public, 'app.shop'),
      ...gateway(STRANGER, ports.stranger, 'app.shop'),
    )
    vigil = await startSidecarOfVigil()
    await proxy(PUBLIC, 'clientAuth')
    await proxy(STRANGER, 'clientAuth')
    await mesh.becomes(ports.public, 401)
    await tellVersions(mesh, vigil)
  }, 180_000)

  afterAll(async () => {
    await mesh?.stop()
    for (const agent of agents ?? []) await agent.stop()
    authority?.remove()
  }, 60_000)

  test('an Envoy of the callers is let through', async () => {
    const { status, seen } = await mesh.get(ports.public, READ, known())
    expect([status, seen['x-vigil-subject']]).toEqual([200, 'alice'])
    expect(await counted(vigil, 'ssl.handshake')).toBeGreaterThan(0)
  })

  test('an Envoy of another principal is not, and answers 503', async () => {
    await mesh.becomes(ports.stranger, 503, known())
    // An Envoy that knows nobody to ask yet says the same: the policy has to be what refuses.
    const isRefused = async () => {
      const before = await counted(vigil, 'rbac.denied')
      const { status } = await mesh.get(ports.stranger, READ, known())
      return status === 503 && (await counted(vigil, 'rbac.denied')) > before
    }
    expect(await waitUntil('refused by the policy', 20_000, isRefused)).toBe(true)
  }, 60_000)

  test('past the gateways only a caller is heard: by its certificate, not in plaintext', async () => {
    expect(await asked(as('istio-ingress', 'gateway'))).toBe('401')
    expect(await asked(as('other', 'gateway'))).toMatch(/7 PERMISSION_DENIED: RBAC: access denied/)
    expect(await asked(withoutCertificate())).toMatch(/14 UNAVAILABLE/)
    expect(await counted(vigil, 'ssl.fail_verify_no_cert')).toBeGreaterThan(0)
    expect(await asked()).toMatch(/14 UNAVAILABLE/)
  })

  test('it is the policy of the chart that closes', async () => {
    const path = '/apis/security.istio.io/v1/namespaces/vigil/authorizationpolicies/vigil-callers'
    expect((await mesh.cluster.api.ask('DELETE', path)).status).toBe(200)
    await mesh.becomes(ports.stranger, 200, known())
    expect(await asked(as('other', 'gateway'))).toBe('401')
    expect(await asked()).toMatch(/14 UNAVAILABLE/)
  }, 60_000)
})

/** Sum of an Envoy's counters whose names end so. */
async function counted(envoy: Envoy, name: string): Promise<number> {
  const stats = await envoy.admin(`/stats?filter=${name}$`)
  return stats.split('\n').reduce((sum, line) => sum + Number(/: (\d+)$/.exec(line)?.[1] ?? 0), 0)
}
