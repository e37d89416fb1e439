/**
 * Stands in for scheduler, kubelet, kube-proxy, DNS and container runtime. It starts each container's own command as a
 * process of this machine, mounts ConfigMaps and Secrets as folders that follow their objects, asks the probes that the pod
 * has, tells the API server what they said, starts again what ends, ends pods with preStop, SIGTERM and grace, and gives
 * their output to `kubectl logs`. A Service has an address of its own that leads to its ready pods (services.ts), and pods
 * of Vigil know it by its name (names.ts).
 *
 * It does not: pull images, isolate (no namespaces, users, capabilities, read-only root or memory limits: what the
 * security context asks is only checked by Pod Security admission), enforce NetworkPolicies, give out service-account
 * tokens, run more than one container in a pod, or stand in for other images than Vigil's and Valkey's.
 * Inside files, arguments and variables it turns mounted paths into folders below a pod's own root, and `0.0.0.0:` into
 * the pod's address, one of its own in 127.0.0.0/8; a Valkey is told to bind it. Where Services shall have endpoints, it tells
 * the API server that address with 10 for 127; who asks there must turn it back (island.ts).
 */
import { randomInt } from 'node:crypto'
import type { KubeObject } from '../../chart/harness/helm.ts'
import type { Api } from './api.ts'
import { type NodeLogs, startNodeLogs } from './node-logs.ts'
import { type LivePod, runPod } from './pod.ts'
import { type AddressOf, startServices } from './services.ts'

type Told = KubeObject['metadata'] & { readonly uid?: string; readonly deletionTimestamp?: string }

const POLL_MS = 150
const NODE = 'this-machine'

export interface Kubelet {
  /** Pods of the service itself (not of jobs or the dev store) in a namespace that are alive, oldest first. */
  podsOf(namespace: string): LivePod[]
  /** Where the container of a pod listens. */
  readonly addressOf: AddressOf
  /** What all pods of a namespace have written, dead ones included. */
  outputOf(namespace: string): string
  stop(): Promise<void>
}

/** Runs every pod that fits `isMine`; others stay pending. */
export function startKubelet(
  api: Api,
  isMine: (pod: KubeObject) => boolean = () => true,
  hasEndpoints = false,
): Kubelet {
  const pods = new Map<string, { namespace: string; live: LivePod; ending?: Promise<void> }>()
  const dead: { namespace: string; live: LivePod }[] = []
  const [first, second] = [randomInt(2, 250), randomInt(1, 125)]
  const services = startServices(api, `127.${first}.${125 + second}`)
  let count = 0

  const addressOf: Kubelet['addressOf'] = ({ metadata }) =>
    pods.get((metadata as Told).uid ?? '')?.live.address

  const take = async (pod: KubeObject) => {
    const { name, namespace = '', uid = '' } = pod.metadata as Told
    const binding = {
      apiVersion: 'v1',
      kind: 'Binding',
      metadata: { name },
      target: { kind: 'Node', name: NODE },
    }
    const path = `/api/v1/namespaces/${namespace}/pods/${name}/binding`
    const { status } = await api.ask('POST', path, binding)
    if (status >= 300) return
    const address = `127.${first}.${second}.${1 + (count++ % 250)}`
    const podIp = hasEndpoints ? address.replace(/^127\./, '10.') : address
    const { namesFile } = services
    pods.set(uid, { namespace, live: runPod(api, pod, { address, podIp, namesFile }) })
  }
  const endOne = async (uid: string, name: string, namespace: string) => {
    const known = pods.get(uid)
    await known?.live.end()
    await api.ask('DELETE', `/api/v1/namespaces/${namespace}/pods/${name}?gracePeriodSeconds=0`)
  }
  /** What is new, and what is to go. */
  const see = async (pod: KubeObject) => {
    const { uid = '', name, namespace = '', deletionTimestamp } = pod.metadata as Told
    const known = pods.get(uid)
    if (known !== undefined && deletionTimestamp) known.ending ??= endOne(uid, name, namespace)
    else if (known === undefined && !deletionTimestamp && !pod['spec'].nodeName && isMine(pod))
      await take(pod)
  }
  const poll = async () => {
    const there = await api.list('/api/v1/pods')
    await services.refresh(there, addressOf)
    for (const pod of there) await see(pod)
    const uids = new Set(there.map((pod) => (pod.metadata as Told).uid))
    for (const [uid, known] of pods) {
      if (uids.has(uid)) continue
      known.ending ??= known.live.end() // finished pods go without us
      pods.delete(uid)
      dead.push(known)
    }
  }

  const outputOf = (namespace: string, name: string) =>
    [...dead, ...pods.values()]
      .findLast((each) => each.namespace === namespace && each.live.name === name)
      ?.live.output()
  let logs: NodeLogs | undefined
  let isOver = false
  const loop = (async () => {
    logs = await startNodeLogs(outputOf)
    await tellNode(api, logs.port)
    while (!isOver) {
      await poll().catch(() => undefined) // the next one asks again
      await new Promise((resolve) => setTimeout(resolve, POLL_MS))
    }
  })()

  return {
    addressOf,
    podsOf: (namespace) =>
      [...pods.values()]
        .filter((each) => each.namespace === namespace && each.live.component === 'service' && !each.ending)
        .map(({ live }) => live),
    outputOf: (namespace) =>
      [...dead, ...pods.values()]
        .filter((each) => each.namespace === namespace)
        .map(({ live }) => `--- ${live.name} ---\n${live.output()}`)
        .join('\n'),
    stop: async () => {
      isOver = true
      await loop
      const all = [...pods.values()]
      await Promise.all(all.map((each) => each.ending ?? each.live.end()))
      services.stop()
      logs?.stop()
    },
  }
}

async function tellNode(api: Api, port: number): Promise<void> {
  await api.apply({ apiVersion: 'v1', kind: 'Node', metadata: { name: NODE } })
  const status = {
    addresses: [{ type: 'InternalIP', address: '127.0.0.1' }],
    daemonEndpoints: { kubeletEndpoint: { Port: port } },
  }
  await api.ask('PATCH', `/api/v1/nodes/${NODE}/status`, { status }, 'application/merge-patch+json')
}
