import type { NetworkSettings } from '../../config/schema/context-facts.ts'
import type { Compiled, SettingsProblem } from '../../errors.ts'
import { type CidrMatcher, compileCidrs, isPrivateIp, normaliseCidr } from '../../lib/ip.ts'
import type { NetworkClass } from '../../model.ts'
import curated from './classes.json' with { type: 'json' }

/** The class of an address. @param ip in the spelling of `normaliseIp` */
export type Classify = (ip: string, asn: number | undefined) => NetworkClass

/** The list of docs/network.md, by ASN. */
const CURATED: ReadonlyMap<number, NetworkClass> = new Map(
  Object.entries(curated).flatMap(([name, systems]) =>
    Object.keys(systems).map((asn): [number, NetworkClass] => [Number(asn), name as NetworkClass]),
  ),
)

/** What the operator says, then what the address itself says, then the curated list. */
export function compileClassify(classes: NetworkSettings['classes']): Compiled<Classify> {
  const problems: SettingsProblem[] = classes.flatMap(({ networks, asns }, index) => {
    const path = ['context', 'network', 'classes', index]
    const message = 'name what is of this class: networks, asns or both'
    return [
      ...(networks.length + asns.length === 0 ? [{ path, message }] : []),
      ...networks.flatMap((text, i) =>
        normaliseCidr(text) === undefined
          ? [{ path: [...path, 'networks', i], message: 'write an address or a network, e.g. 10.0.0.0/8' }]
          : [],
      ),
    ]
  })
  if (problems.length > 0) return { ok: false, problems }
  const own = classes.map((entry) => ({
    class: entry.class,
    holds: compileCidrs(entry.networks),
    asns: new Set(entry.asns),
  }))
  return { ok: true, value: (ip, asn) => ownClass(own, ip, asn) ?? generalClass(ip, asn) }
}

interface OwnClass {
  readonly class: NetworkClass
  readonly holds: CidrMatcher
  readonly asns: ReadonlySet<number>
}

const ownClass = (own: readonly OwnClass[], ip: string, asn: number | undefined): NetworkClass | undefined =>
  own.find(({ holds, asns }) => (asn !== undefined && asns.has(asn)) || holds(ip))?.class

function generalClass(ip: string, asn: number | undefined): NetworkClass {
  if (isPrivateIp(ip)) return 'private'
  return (asn === undefined ? undefined : CURATED.get(asn)) ?? 'unknown'
}
