import ipaddr from 'ipaddr.js'

/**
 * What a limit per address counts: an IPv4 address, or the /64 of an IPv6 address, because one customer holds all
 * addresses of it (RFC 6177). IPv4-mapped addresses count as IPv4. Text that is no address counts as itself.
 */
export function addressGroup(ip: string): string {
  if (!ipaddr.isValid(ip)) return ip
  const address = ipaddr.process(ip)
  if (address.kind() === 'ipv4') return address.toString()
  return `${(address as ipaddr.IPv6).parts
    .slice(0, 4)
    .map((part) => part.toString(16))
    .join(':')}::/64`
}
