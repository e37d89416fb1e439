import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { connect, createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { KubeObject } from '../../chart/harness/helm.ts'
import type { Api } from './api.ts'

/**
 * Stands in for kube-proxy and the cluster's DNS: each Service has an address of its own in 127.0.0.0/8, where connections
 * to its ports are passed on to one of its ready pods after the other. Only TCP, only ports that need no root, no headless
 * Services; where no pod is ready nothing listens.
 */
export interface Services {
  /** A file of names and addresses, for names.ts. */
  readonly namesFile: string
  /** Looks at all Services again; `pods` are all pods of the cluster, `addressOf` tells where one of them listens. */
  refresh(pods: readonly KubeObject[], addressOf: AddressOf): Promise<void>
  stop(): void
}

/** Undefined: the pod does not run here. */
export type AddressOf = (pod: KubeObject) => string | undefined

interface Port {
  readonly port: number
  readonly targetPort?: number | string
}

interface Known {
  readonly address: string
  /** By the Service's port. */
  readonly doors: Map<number, Door>
}

interface Door {
  /** Leads to these from now on; with none it is closed. */
  lead(targets: readonly Target[]): void
}

interface Target {
  readonly host: string
  readonly port: number
}

/** @param subnet first three numbers of the addresses */
export function startServices(api: Api, subnet: string): Services {
  const folder = mkdtempSync(join(tmpdir(), 'vigil-names-'))
  const namesFile = join(folder, 'names.json')
  const sockets = new Set<Socket>()
  const known = new Map<string, Known>()
  let count = 0
  let written = ''

  const write = () => {
    const text = JSON.stringify(Object.fromEntries([...known].map(([name, { address }]) => [name, address])))
    if (text === written) return
    // Whole or not at all: pods read it whenever they like.
    writeFileSync(`${namesFile}.next`, text)
    renameSync(`${namesFile}.next`, namesFile)
    written = text
  }
  const close = ({ doors }: Known) => {
    for (const door of doors.values()) door.lead([])
  }
  const meet = (service: KubeObject): Known => {
    const address = `${subnet}.${1 + (count++ % 250)}`
    const doors = portsOf(service).map(
      ({ port }) => [port, openDoor({ host: address, port }, sockets)] as const,
    )
    return { address, doors: new Map(doors) }
  }
  const refresh: Services['refresh'] = async (pods, addressOf) => {
    const services = (await api.list('/api/v1/services')).filter(isRouted)
    const names = new Set(services.map(nameOf))
    for (const [name, one] of known)
      if (!names.has(name)) {
        close(one)
        known.delete(name)
      }
    for (const service of services) {
      const one = known.get(nameOf(service)) ?? meet(service)
      known.set(nameOf(service), one)
      const ready = pods.filter((pod) => isBehind(service, pod))
      for (const each of portsOf(service)) one.doors.get(each.port)?.lead(targetsOf(each, ready, addressOf))
    }
    write()
  }
  write()
  return {
    namesFile,
    refresh,
    stop: () => {
      for (const one of known.values()) close(one)
      for (const socket of sockets) socket.destroy()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

const nameOf = ({ metadata }: KubeObject) => `${metadata.name}.${metadata.namespace}.svc.cluster.local`

const isRouted = ({ spec }: KubeObject) => spec.selector !== undefined && spec.clusterIP !== 'None'

const portsOf = ({ spec }: KubeObject) => (spec.ports as Port[]).filter(({ port }) => port >= 1024)

/** Whether a pod is one to which the Service leads: as the controller of EndpointSlices sees it. */
function isBehind({ spec, metadata: { namespace } }: KubeObject, pod: KubeObject): boolean {
  const labels: Record<string, string> = pod.metadata.labels ?? {}
  return (
    pod.metadata.namespace === namespace &&
    Object.entries(spec.selector).every(([key, value]) => labels[key] === value) &&
    isReady(pod)
  )
}

/** Ready, and not on its way out. */
export function isReady({ metadata, status }: KubeObject): boolean {
  const conditions = (status?.conditions ?? []) as { type: string; status: string }[]
  const isUp = conditions.some((each) => each.type === 'Ready' && each.status === 'True')
  return isUp && !('deletionTimestamp' in metadata)
}

function targetsOf({ port, targetPort = port }: Port, pods: readonly KubeObject[], addressOf: AddressOf) {
  return pods.flatMap((pod): Target[] => {
    const ports = (pod['spec'].containers[0].ports ?? []) as { name: string; containerPort: number }[]
    const number =
      typeof targetPort === 'number'
        ? targetPort
        : ports.find(({ name }) => name === targetPort)?.containerPort
    const host = addressOf(pod)
    return host === undefined || number === undefined ? [] : [{ host, port: number }]
  })
}

function openDoor(at: Target, sockets: Set<Socket>): Door {
  let targets: readonly Target[] = []
  let turn = 0
  const keep = (socket: Socket) => {
    sockets.add(socket)
    return socket.on('close', () => sockets.delete(socket)).on('error', () => undefined) // closed, whatever it was
  }
  const server = createServer((caller) => {
    const target = targets[turn++ % targets.length]
    if (target === undefined) {
      caller.destroy()
      return
    }
    const pod = keep(connect(target))
    keep(caller).pipe(pod).pipe(caller)
    caller.on('close', () => pod.destroy())
    pod.on('close', () => caller.destroy())
  })
  const lead = (now: readonly Target[]) => {
    targets = now
    if (now.length > 0 && !server.listening) server.listen(at.port, at.host)
    if (now.length === 0 && server.listening) server.close()
  }
  return { lead }
}
