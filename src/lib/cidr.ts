import ipaddr from 'ipaddr.js'

/** Tells whether an address lies in one of some networks. */
export type CidrMatcher = (address: string | undefined) => boolean

/**
 * Compiles networks (`10.0.0.0/8`, `2001:db8::/32`, or a single address). IPv4 addresses mapped into IPv6 count as
 * IPv4. A text that is no network matches nothing, and so does an address that is no address.
 */
export function compileCidrs(networks: readonly string[]): CidrMatcher {
  const ranges = networks.flatMap((text) => {
    const range = parseCidr(text)
    return range === undefined ? [] : [range]
  })
  return (address) => {
    if (address === undefined || ranges.length === 0 || !ipaddr.isValid(address)) return false
    const ip = ipaddr.process(address)
    return ranges.some(([network, bits]) => network.kind() === ip.kind() && ip.match(network, bits))
  }
}

/** A network as address and prefix length, or undefined. */
export function parseCidr(text: string): [ipaddr.IPv4 | ipaddr.IPv6, number] | undefined {
  if (ipaddr.isValidCIDR(text)) return ipaddr.parseCIDR(text)
  if (!ipaddr.isValid(text)) return undefined
  const ip = ipaddr.process(text)
  return [ip, ip.kind() === 'ipv4' ? 32 : 128]
}
