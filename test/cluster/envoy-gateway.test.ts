/** A real Envoy Gateway makes of the chart's own objects a real Envoy that asks Vigil, by mutual TLS. */
import { X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { Server } from 'node:http'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { parse } from 'yaml'
import type { Pair } from '../../scripts/certs/make.ts'
import { ROOT } from '../../scripts/root.ts'
import { CLUSTER_TOOLS } from '../../scripts/tools/catalog.ts'
import type { AuditRecord } from '../../src/audit/record.ts'
import { CHART, type KubeObject } from '../chart/harness/helm.ts'
import { over } from '../chart/harness/values.ts'
import { freePort } from '../harness/ports.ts'
import { start } from '../harness/process.ts'
import { issuerOf } from '../harness/tokens.ts'
import { describeWithEnvoyGateway } from '../harness/tools.ts'
import { waitUntil } from '../harness/wait.ts'
import { type Certificates, caOf, makeCertificates, secretOf } from './harness/certificates.ts'
import { type Cluster, expectDone, startCluster } from './harness/cluster.ts'
import { installCrds, ofEnvoyGateway } from './harness/crds.ts'
import { getThrough, known, testDecisions } from './harness/decisions.ts'
import {
  appObjects,
  type EnvoyGateway,
  gatewayObjects,
  routeObject,
  SYSTEM,
  startEnvoyGateway,
} from './harness/envoy-gateway.ts'
import { startApp } from './harness/istio.ts'

const VIGIL_PORT = 9000
const CALLER = 'envoy-gateway.example.com'
const ADDRESS = '10.77.0.5'
/** What a user starts from, with the names of Secrets, ConfigMap, namespace, Gateway and caller that it has. */
const READY = parse(readFileSync(join(CHART, 'values', 'envoy-gateway.yaml'), 'utf8'))
const ORIGIN = { externalOrigins: ['https://api.example.com'] }
const VALUES = over(READY, {
  lifecycle: { preStopSleepSeconds: 1 },
  // One pod, so that its memory knows every proof.
  replicaCount: 1,
  attach: {
    envoyGateway: {
      policies: [
        ...READY.attach.envoyGateway.policies,
        {
          name: 'partner',
          namespace: 'apps',
          targetRefs: [{ kind: 'HTTPRoute', name: 'partner' }],
          contextExtensions: { door: 'partner' },
        },
      ],
    },
  },
  config: {
    static: { server: { drainDelaySeconds: 0, drainTimeoutSeconds: 5 } },
    dynamic: {
      entrypoints: [
        { name: 'partner', match: { extension: { door: 'partner' } }, ...ORIGIN },
        { name: 'public', envoyAppends: true, ...ORIGIN },
      ],
      identity: { issuers: [issuerOf()] },
      actions: [{ name: 'read', match: { paths: ['/v1/items', '/partner'] }, sensitivity: 'low' }],
    },
  },
})
const UNATTACHED = over(VALUES, { attach: { envoyGateway: { enabled: false } } })
const OPEN = over(VALUES, { attach: { failureMode: 'open' }, acknowledge: { failOpen: true } })

let cluster: Cluster
let gateway: EnvoyGateway
let app: Server
let port: number
let pairs: Certificates
let isHeld = true

const get = (path: string, headers: Record<string, string> = {}, at = port) => getThrough(at, path, headers)

const podsOf = () => cluster.kubelet.podsOf('vigil')

/** Waits for what Envoy Gateway has to push first; gives all statuses on the way. */
async function becomes(status: number, headers = {}, path = '/v1/items', timeoutMs = 20_000) {
  const seen = new Set<number>()
  let last = 'nothing'
  const isSo = async () => {
    try {
      const got = await get(path, headers)
      seen.add(got.status)
      last = `${got.status} ${got.body}`
      if (got.status === status) return true
      await sleep(100) // a caller who asks too often is answered 429
    } catch (error) {
      last = String(error) // no listener yet
    }
    return false
  }
  try {
    await waitUntil(`status ${status}`, timeoutMs, isSo)
  } catch (error) {
    const told = `${gateway.output().split('\n').slice(-60).join('\n')}\n${cluster.kubelet.outputOf('vigil')}`
    throw new Error(`${String(error)}; last: ${last}\n${told}`)
  }
  return [...seen]
}

const put = async (helm: string, verb: 'install' | 'upgrade', values: unknown) => {
  const said = await cluster.put(helm, verb, 'vigil', values, '--wait', '--timeout', '90s')
  expectDone(said, cluster.kubelet.outputOf('vigil'))
}

/** Waits until a condition of a SecurityPolicy of the chart is so. */
async function says(type: string, wanted: object, name = 'vigil-public'): Promise<void> {
  const path = `/apis/gateway.envoyproxy.io/v1alpha1/namespaces/apps/securitypolicies/${name}`
  await waitUntil(`${name}: ${type} ${JSON.stringify(wanted)}`, 10_000, async () => {
    const { status } = await cluster.api.get(path)
    const all = (status?.ancestors ?? []).flatMap((each: { conditions: object[] }) => each.conditions)
    const found = all.find((each: { type: string }) => each.type === type) ?? {}
    return Object.entries(wanted).every(([key, text]) => found[key]?.includes(text))
  })
}

const trusted = (ca: Pair) => caOf(READY.attach.envoyGateway.tls.caConfigMap, 'vigil', ca)
const shown = (pair: Pair) => secretOf('client', SYSTEM, pair)

async function envoyVersion(): Promise<string> {
  const { version } = JSON.parse(await gateway.admin('/server_info'))
  return version
}

const moduleOf = (module: string) =>
  readFileSync(CLUSTER_TOOLS[0]?.requirements ?? '', 'utf8').match(new RegExp(`${module} v\\S+`))?.[0]

describeWithEnvoyGateway('Envoy Gateway', (helm, envoy) => {
  beforeAll(async () => {
    // The hook's Job runs, the service only when it is let.
    cluster = await startCluster({
      isMine: ({ metadata }) => !isHeld || metadata['labels']?.['app.kubernetes.io/component'] !== 'service',
      hasEndpoints: true,
    })
    await installCrds(cluster.api, ofEnvoyGateway)
    for (const name of [SYSTEM, 'apps', 'vigil']) await cluster.namespace(name)
    pairs = makeCertificates('vigil.vigil.svc', CALLER)
    const own = secretOf(READY.tls.existingSecret, 'vigil', pairs.server, pairs.ca)
    for (const object of [own, shown(pairs.caller), trusted(pairs.ca)]) await cluster.api.apply(object)
    const appPort = await freePort()
    app = await startApp(appPort)
    const routes = [routeObject('apps', 'app', '/'), routeObject('apps', 'partner', '/partner')]
    for (const object of [...gatewayObjects('apps', 'client'), ...appObjects('apps', appPort), ...routes])
      await cluster.api.apply(object)
    gateway = await startEnvoyGateway(cluster.kubeconfig, envoy, [VIGIL_PORT, appPort])
    port = await gateway.open()
    await becomes(200, {}, '/v1/items', 60_000)
    process.stdout.write(
      `Envoy Gateway: ${moduleOf('github.com/envoyproxy/gateway')} on Kubernetes ${cluster.version} configures Envoy ${await envoyVersion()}\n`,
    )
  }, 180_000)

  afterAll(async () => {
    await gateway?.stop()
    app?.close()
    await cluster?.stop()
    pairs?.remove()
  }, 60_000)

  test('attached before a pod is there, answers 500 until one is ready', async () => {
    const said = await cluster.put(helm, 'install', 'vigil', VALUES)
    expectDone(said)
    expect(said.stdout).toContain(
      'answers 500 on these routes until Vigil has a pod, and 503 until one is ready',
    )
    await becomes(500)
    const message = 'no ready endpoints for the related Service vigil/vigil'
    await says('Accepted', { status: 'False', reason: 'Invalid', message })
    isHeld = false
    const seen = await becomes(401)
    expect(seen.toSorted()).toEqual([401, 500, 503])
    for (const name of ['vigil-public', 'vigil-partner'])
      await says('Accepted', { status: 'True', reason: 'Accepted' }, name)
  }, 90_000)

  testDecisions(get)

  test('tells entrypoints apart by what a policy sends along', async () => {
    expect((await recordOf('/partner')).entrypoint).toBe('partner')
    expect((await recordOf('/v1/items')).entrypoint).toBe('public')
  })

  test('tells the address of the client, whatever the client says', async () => {
    const at = await gateway.open(ADDRESS)
    const forged = { 'x-forwarded-for': '8.8.8.8', 'x-envoy-external-address': '8.8.8.8' }
    const { facts } = await recordOf('/v1/items', forged, at)
    expect(facts?.address).toEqual({ ip: ADDRESS, isUntrusted: false })
  })

  /** What Vigil's pod records of a request that passes. */
  async function recordOf(path: string, headers = {}, at = port): Promise<AuditRecord> {
    const { status, seen } = await get(path, { ...known(), ...headers }, at)
    expect(status).toBe(200)
    const id = seen['x-vigil-decision'] ?? 'none'
    const line = await waitUntil('its record', 5000, () =>
      podsOf()[0]
        ?.output()
        .split('\n')
        .find((each) => each.includes(id) && each.includes('"facts"')),
    )
    return JSON.parse(line)
  }

  test('lets nobody ask but the caller that is listed', async () => {
    const address = `${podsOf()[0]?.address}:${VIGIL_PORT}`
    const probe = async (pair?: Pair) => {
      const client = pair === undefined ? [] : ['--cert', pair.cert, '--key', pair.key]
      const ca = ['--ca', pairs.ca.cert, '--server-name', 'vigil.vigil.svc']
      const running = start(process.execPath, [
        join(ROOT, 'bin', 'vigil.js'),
        'probe',
        address,
        ...ca,
        ...client,
      ])
      return [await running.ended, running.output()]
    }
    expect(await probe(pairs.caller)).toEqual([0, expect.stringContaining('Vigil answers as it must')])
    expect(await probe(pairs.stranger)).toEqual([1, expect.stringContaining('check.caller.refused')])
    expect(await probe()).toEqual([1, expect.stringContaining('certificate required')])
  }, 30_000)

  test('is refused with the client certificate of somebody else', async () => {
    await cluster.api.apply(shown(pairs.stranger))
    await holds(pairs.stranger)
    // Connections that are there go on with what they have shown.
    expect((await get('/v1/items', known())).status).toBe(200)
    podsOf()[0]?.crash()
    await becomes(403, known())
    await cluster.api.apply(shown(pairs.caller))
    await holds(pairs.caller)
  }, 60_000)

  test('sends nothing to a Vigil whose certificate is of another CA', async () => {
    await cluster.api.apply(trusted(pairs.otherCa))
    await holds(pairs.otherCa)
    podsOf()[0]?.crash()
    await becomes(503, known())
    await waitUntil('a certificate that does not fit', 20_000, async () => {
      await sleep(100)
      expect((await get('/v1/items', known())).status).toBe(503)
      return /fail_verify_error: [1-9]/.test(await gateway.admin('/stats?filter=securitypolicy.*fail_verify'))
    })
    await cluster.api.apply(trusted(pairs.ca))
    await becomes(200, known())
  }, 60_000)

  /** Waits until Envoy has this certificate. */
  async function holds({ cert }: Pair): Promise<void> {
    const { serialNumber } = new X509Certificate(readFileSync(cert))
    const hasIt = async () => (await gateway.admin('/certs')).includes(serialNumber.toLowerCase())
    await waitUntil(`the certificate ${cert}`, 20_000, hasIt)
  }

  test('asks with a changed policy without another pod', async () => {
    const pods = podsOf().map(({ name }) => name)
    const rule = { name: 'closed', when: 'action.name == "read"', effect: 'deny' }
    await put(helm, 'upgrade', over(VALUES, { config: { dynamic: { policy: [rule] } } }))
    await becomes(403, known())
    await put(helm, 'upgrade', VALUES)
    await becomes(200, known())
    expect(podsOf().map(({ name }) => name)).toEqual(pods)
  }, 90_000)

  test('is taken away from a route by its own SecurityPolicy', async () => {
    await cluster.api.apply(routeObject('apps', 'other', '/other'))
    const policy = {
      apiVersion: 'gateway.envoyproxy.io/v1alpha1',
      kind: 'SecurityPolicy',
      metadata: { name: 'other', namespace: 'apps' },
      spec: {
        targetRefs: [{ group: 'gateway.networking.k8s.io', kind: 'HTTPRoute', name: 'other' }],
        cors: { allowOrigins: ['https://www.example.com'] },
      },
    }
    await cluster.api.apply(policy)
    await becomes(200, {}, '/other')
    await says('Overridden', { status: 'True', message: 'apps/other' })
    expect((await get('/v1/items')).status).toBe(401)
  }, 60_000)

  test('answers 500 while nothing permits to name the Service', async () => {
    const grant = await takeGrant()
    await becomes(500, known())
    await says('Accepted', { status: 'False', message: 'not permitted by any ReferenceGrant' })
    await cluster.api.apply(grant)
    await becomes(200, known())
  }, 60_000)

  /** Takes the chart's ReferenceGrant away; gives it as it can be put back. */
  async function takeGrant(): Promise<KubeObject> {
    const path = '/apis/gateway.networking.k8s.io/v1beta1/namespaces/vigil/referencegrants/vigil'
    const { apiVersion, kind, metadata, ...rest } = await cluster.api.get(path)
    await cluster.api.ask('DELETE', path)
    const { name, namespace = '' } = metadata
    return { apiVersion, kind, metadata: { name, namespace }, spec: rest['spec'] }
  }

  test('answers 503 when Vigil is dead, and 500 when none is left', async () => {
    podsOf()[0]?.crash()
    await becomes(503, known())
    await becomes(200, known())
    await scale(0)
    await becomes(500, known())
    await scale(1)
    await becomes(200, known())
  }, 90_000)

  test('lets everything pass when Vigil is dead and that is wanted', async () => {
    await put(helm, 'upgrade', OPEN)
    await waitUntil('failure mode', 10_000, async () =>
      (await filterOf()).includes('"failure_mode_allow": true'),
    )
    podsOf()[0]?.crash()
    await becomes(200)
    await becomes(401)
    await scale(0)
    await becomes(200)
    expect((await get('/v1/items')).seen['x-vigil-decision']).toBeUndefined()
    await scale(1)
    await becomes(401)
    await takeGrant()
    await becomes(200)
  }, 90_000)

  const filterOf = () => gateway.admin('/config_dump?resource=dynamic_listeners')

  async function scale(replicas: number): Promise<void> {
    const path = '/apis/apps/v1/namespaces/vigil/deployments/vigil/scale'
    await cluster.api.ask('PATCH', path, { spec: { replicas } }, 'application/merge-patch+json')
  }

  test('leaves the application unguarded when the release goes: its policies go with it', async () => {
    expectDone(await cluster.helm(helm, 'uninstall', 'vigil', '-n', 'vigil'))
    await becomes(200)
    expect((await get('/v1/items')).seen['x-vigil-decision']).toBeUndefined()
  }, 60_000)

  test('attached when pods are ready, never answers 500', async () => {
    await put(helm, 'install', UNATTACHED)
    expect((await get('/v1/items')).status).toBe(200)
    const [seen] = await Promise.all([becomes(401), put(helm, 'upgrade', VALUES)])
    // While Envoy takes its new filter and cluster, a request may be answered 503 (docs/attach.md).
    expect(seen).not.toContain(500)
  }, 90_000)
})
