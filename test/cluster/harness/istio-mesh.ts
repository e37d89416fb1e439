import { readFileSync } from 'node:fs'
import type { Server } from 'node:http'
import { CLUSTER_TOOLS } from '../../../scripts/tools/catalog.ts'
import type { Envoy } from '../../harness/envoy.ts'
import type { RawResponse } from '../../harness/http.ts'
import { freePorts } from '../../harness/ports.ts'
import { waitUntil } from '../../harness/wait.ts'
import { type Cluster, expectDone, startCluster } from './cluster.ts'
import { installCrds } from './crds.ts'
import { type Got, getThrough } from './decisions.ts'
import { type Istiod, meshConfigIn, startApp, startIstiod, startProxy, type Workload } from './istio.ts'
import { peerAuthentication, workloadEntry } from './istio-objects.ts'

/** What Vigil has written down of a check, as far as tests look at it. */
export interface Told {
  readonly entrypoint: string
  readonly decision: { readonly reasons: readonly string[] }
}

/** A cluster in which the chart is installed as release `vigil` in namespace `vigil`, and istiod knows of it. */
export interface Mesh {
  readonly cluster: Cluster
  readonly istiod: Istiod
  /** Port of the application: it answers with the headers that it sees. */
  readonly app: number
  apply(...objects: readonly object[]): Promise<void>
  /** `helm upgrade` with these values, to its end. */
  upgrade(values: unknown): Promise<void>
  proxy(workload: Workload, sdsPort?: number): Promise<Envoy>
  get(port: number, path: string, headers?: Record<string, string>): Promise<Got>
  /** Waits for what istiod has to push first. */
  becomes(port: number, status: number, headers?: Record<string, string>): Promise<Got>
  /** The record of the decision that the body of a refusal names. */
  recordBehind(response: RawResponse): Promise<Told>
  stop(): Promise<void>
}

export interface MeshOptions {
  readonly helm: string
  readonly version: string
  readonly values: unknown
  readonly namespaces: readonly string[]
  /** Of workloads that no other policy is for. With `PERMISSIVE` Envoys show certificates where the other side has one. */
  readonly mtls: 'DISABLE' | 'PERMISSIVE'
}

/** Module and version that a part is built from. */
const moduleOf = (module: string) =>
  readFileSync(CLUSTER_TOOLS[0]?.requirements ?? '', 'utf8').match(new RegExp(`${module} v\\S+`))?.[0]

/** What the notes say, and what a mesh without Istio's own build of Envoy needs besides. */
const meshSettings = (notes: string, mtls: MeshOptions['mtls']) => ({
  rootNamespace: 'istio-system',
  enableAutoMtls: mtls !== 'DISABLE',
  ingressControllerMode: 'OFF',
  ...(/^ *meshConfig:$/m.test(notes) ? meshConfigIn(notes) : {}),
})

export async function startMesh({ helm, version, values, namespaces, mtls }: MeshOptions): Promise<Mesh> {
  const cluster = await startCluster()
  const running: { stop(): Promise<unknown> }[] = [cluster]
  const stop = async () => {
    for (const each of running.reverse()) await each.stop()
  }
  try {
    const { api } = cluster
    await installCrds(api)
    for (const name of ['istio-system', 'vigil', ...namespaces]) await cluster.namespace(name)
    const said = await cluster.put(helm, 'install', 'vigil', values, '--wait', '--timeout', '90s')
    expectDone(said, cluster.kubelet.outputOf('vigil'))
    await api.apply({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'istio', namespace: 'istio-system' },
      data: { mesh: JSON.stringify(meshSettings(said.stdout, mtls)) },
    })
    await api.apply(peerAuthentication(mtls))
    const { app } = await freePorts('app')
    running.push(stoppable(await startApp(app)))
    const istiod = await startIstiod(cluster.kubeconfig)
    running.push(istiod)
    const apply: Mesh['apply'] = async (...objects) => {
      for (const object of objects) await api.apply(object)
    }
    const envoys: Envoy[] = []
    const proxy: Mesh['proxy'] = async (workload, sdsPort) => {
      const envoy = await startProxy(istiod, version, workload, sdsPort)
      running.push(envoy)
      envoys.push(envoy)
      return envoy
    }
    const upgrade = async (values: unknown) =>
      expectDone(await cluster.put(helm, 'upgrade', 'vigil', values, '--wait', '--timeout', '90s'))
    const told = async () => {
      const said = await Promise.all(envoys.map((envoy) => stateOf(envoy)))
      return [without(istiod.running.output(), /not ready|sync|FLAG/), ...said].join('\n')
    }
    const client = clientOf(cluster, told)
    return { cluster, istiod, app, apply, upgrade, proxy, ...client, stop }
  } catch (error) {
    await stop()
    throw error
  }
}

const stoppable = (server: Server) => ({
  stop: async () => {
    server.closeAllConnections()
    server.close()
  },
})

/** What an Envoy has logged, and whom it knows, to see why it does not do what it should. */
const stateOf = async (envoy: Envoy) =>
  `${envoy.logs()}\n${without(await envoy.admin('/clusters'), /_priority::|_rate::|zone|region/)}`

/** The text without such lines, and long ones cut: what a failing test tells shall be read. */
const without = (text: string, noise: RegExp) =>
  text
    .split('\n')
    .filter((line) => !noise.test(line))
    .map((line) => line.slice(0, 400))
    .join('\n')

function clientOf(
  cluster: Cluster,
  told: () => Promise<string>,
): Pick<Mesh, 'get' | 'becomes' | 'recordBehind'> {
  const becomes: Mesh['becomes'] = async (port, status, headers = {}) => {
    let last = 'nothing'
    const asked = async () => {
      try {
        const got = await getThrough(port, '/v1/items', headers)
        last = `${got.status} ${got.body}`
        return got.status === status && got
      } catch (error) {
        last = String(error) // no listener yet
        return false
      }
    }
    try {
      return await waitUntil(`status ${status} at ${port}`, 20_000, asked)
    } catch (error) {
      throw new Error(`${String(error)}; last: ${last}\n${await told()}`)
    }
  }
  const recordBehind: Mesh['recordBehind'] = async ({ status, body }) => {
    const id = /urn:uuid:([0-9a-f-]{36})/.exec(body)?.[1]
    if (id === undefined) throw new Error(`${status} names no decision: ${body}`)
    const lines = () => cluster.kubelet.outputOf('vigil').split('\n')
    const line = await waitUntil(`record ${id}`, 5000, () => lines().find((each) => each.includes(id)))
    return JSON.parse(line)
  }
  return { get: getThrough, becomes, recordBehind }
}

/** Labels by which Vigil's Service finds its pods. */
export async function labelsOfVigil(mesh: Mesh): Promise<Record<string, string>> {
  const { spec } = await mesh.cluster.api.get('/api/v1/namespaces/vigil/services/vigil')
  return spec.selector
}

/** Points Vigil's Service to where its pods listen here. */
export async function pointToVigil(mesh: Mesh): Promise<void> {
  const labels = await labelsOfVigil(mesh)
  const pods = mesh.cluster.kubelet.podsOf('vigil')
  await mesh.apply(
    ...pods.map(({ name, address }) => workloadEntry('vigil', name, labels, address, { grpc: 9000 })),
  )
}

/** Says on the output with what the proof was made. */
export async function tellVersions(mesh: Mesh, envoy: Envoy): Promise<void> {
  const server = JSON.parse(await envoy.admin('/server_info')) as { version: string }
  process.stdout.write(
    `Istio: istiod of ${moduleOf('istio.io/istio')} on Kubernetes ${mesh.cluster.version} configures Envoy ${server.version}\n`,
  )
}
