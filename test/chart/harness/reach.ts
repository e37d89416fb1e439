import { BlockList, isIP } from 'node:net'
import type { KubeObject } from './helm.ts'

/** Somewhere to go: an address outside the cluster, or a pod by its namespace. */
export interface Target {
  readonly address?: string
  readonly namespace?: string
  readonly port: number
}

interface Peer {
  readonly ipBlock?: { readonly cidr: string; readonly except?: readonly string[] }
  readonly namespaceSelector?: { readonly matchLabels?: Readonly<Record<string, string>> }
  readonly podSelector?: object
}

interface Rule {
  readonly to?: readonly Peer[]
  readonly from?: readonly Peer[]
  readonly ports?: readonly { readonly port: number; readonly endPort?: number; readonly protocol?: string }[]
}

/** Whether an egress rule of a NetworkPolicy lets a TCP connection to the target out, as Kubernetes reads it. */
export function letsOut(policy: KubeObject, target: Target): boolean {
  return (policy['spec'].egress as Rule[]).some((rule) => allows(rule, rule.to, target))
}

/** Whether an ingress rule lets a pod of a namespace in. */
export function letsIn(policy: KubeObject, from: Target): boolean {
  return (policy['spec'].ingress as Rule[]).some((rule) => allows(rule, rule.from, from))
}

function allows({ ports }: Rule, peers: readonly Peer[] | undefined, target: Target): boolean {
  const isPort = ports === undefined || ports.some((each) => fits(each, target.port))
  // A rule without peers means everybody.
  return isPort && (peers === undefined || peers.length === 0 || peers.some((peer) => holds(peer, target)))
}

const fits = (
  { port, endPort = port, protocol = 'TCP' }: NonNullable<Rule['ports']>[number],
  wanted: number,
) => protocol === 'TCP' && port <= wanted && wanted <= endPort

function holds({ ipBlock, namespaceSelector, podSelector }: Peer, { address, namespace }: Target): boolean {
  if (ipBlock !== undefined)
    return (
      address !== undefined &&
      within(address, ipBlock.cidr) &&
      !(ipBlock.except ?? []).some((cidr) => within(address, cidr))
    )
  if (namespace === undefined || podSelector !== undefined) return false
  const labels: Record<string, string> = { 'kubernetes.io/metadata.name': namespace }
  const wanted = Object.entries(namespaceSelector?.matchLabels ?? {})
  return wanted.every(([key, value]) => labels[key] === value)
}

function within(address: string, cidr: string): boolean {
  const [network = '', bits] = cidr.split('/')
  const [family, own] = [isIP(network), isIP(address)]
  if (family !== own) return false
  const type = family === 4 ? 'ipv4' : 'ipv6'
  const list = new BlockList()
  list.addSubnet(network, Number(bits), type)
  return list.check(address, type)
}
