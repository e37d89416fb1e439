import { normaliseCidr, normaliseIp } from './ip.ts'

/**
 * What counts as one caller where only the address is known: an IPv4 address, or the /64 of an IPv6 address, because one customer holds all
 * addresses of it (RFC 6177). IPv4-mapped addresses count as IPv4. Text that is no address counts as itself.
 */
export function addressGroup(ip: string): string {
  const normal = normaliseIp(ip)
  if (normal === undefined) return ip
  return normal.includes(':') ? (normaliseCidr(`${normal}/64`) ?? normal) : normal
}
