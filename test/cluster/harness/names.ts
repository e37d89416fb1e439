/**
 * The cluster's DNS, as a container sees it by its resolv.conf: loaded before a pod's own command (`node --import`). Names of
 * Services lead to where services.ts listens for them; the command itself, what it asks for and what it expects in a
 * certificate stay the name. Any other name is resolved as ever.
 */
import dns from 'node:dns'
import { readFileSync } from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'

const { CLUSTER_NAMES: file = '', CLUSTER_NAMESPACE: namespace = '' } = process.env

/** As the kubelet writes them. */
const SEARCH = ['', `.${namespace}.svc.cluster.local`, '.svc.cluster.local', '.cluster.local']

/** Address of the Service, or the name as it was. */
function resolved(name: string): string {
  const known = JSON.parse(readFileSync(file, 'utf8')) as Record<string, string>
  const full = SEARCH.map((suffix) => `${name.replace(/\.$/, '')}${suffix}`).find((each) => each in known)
  return full === undefined ? name : (known[full] ?? name)
}

type Lookup = (name: string, ...rest: unknown[]) => unknown

/** The same function for the resolved name; an address is looked up as itself. */
const withNames = (lookup: unknown): Lookup => {
  return (name, ...rest) => (lookup as Lookup)(resolved(name), ...rest)
}

dns.lookup = withNames(dns.lookup) as typeof dns.lookup
dns.promises.lookup = withNames(dns.promises.lookup) as typeof dns.promises.lookup
syncBuiltinESMExports()
