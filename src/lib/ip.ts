import { isIPv4, isIPv6 } from 'node:net'
import ipaddr from 'ipaddr.js'

/**
 * One spelling per address, so that equal addresses are equal strings: dotted decimal for IPv4 and IPv4-mapped
 * IPv6, RFC 5952 for the rest. Octal, short and zoned forms are not addresses of a client.
 */
export function normaliseIp(text: string): string | undefined {
  if (isIPv4(text)) return text
  if (!isIPv6(text) || text.includes('%')) return undefined
  const ip = ipaddr.IPv6.parse(text)
  return ip.isIPv4MappedAddress() ? ip.toIPv4Address().toString() : ip.toRFC5952String()
}

/** `10.1.2.3/8` -> `10.0.0.0/8`; a bare address is a range of one. IPv4-mapped ranges become IPv4 ranges. */
export function normaliseCidr(text: string): string | undefined {
  const slash = text.indexOf('/')
  const address = slash < 0 ? text : text.slice(0, slash)
  const ip = normaliseIp(address)
  if (ip === undefined) return undefined
  const width = isIPv4(ip) ? 32 : 128
  const offset = isIPv6(address) && width === 32 ? 96 : 0
  const bits = slash < 0 ? width : readBits(text.slice(slash + 1), offset)
  if (bits === undefined || bits < 0 || bits > width) return undefined
  const family = width === 32 ? ipaddr.IPv4 : ipaddr.IPv6
  return `${family.networkAddressFromCIDR(`${ip}/${bits}`).toString()}/${bits}`
}

const readBits = (text: string, offset: number): number | undefined =>
  /^\d{1,3}$/.test(text) ? Number(text) - offset : undefined

/** Tells whether an address lies in one of some networks. */
export type CidrMatcher = (address: string | undefined) => boolean

/** @param networks as `normaliseCidr` takes them; a text that is no network matches nothing */
export function compileCidrs(networks: readonly string[]): CidrMatcher {
  const ranges = networks
    .map(normaliseCidr)
    .filter((network) => network !== undefined)
    .map((network) => ipaddr.parseCIDR(network))
  return (address) => {
    const normal = address === undefined || ranges.length === 0 ? undefined : normaliseIp(address)
    if (normal === undefined) return false
    const ip = ipaddr.parse(normal)
    return ranges.some(([network, bits]) => network.kind() === ip.kind() && ip.match(network, bits))
  }
}

/**
 * An element of x-forwarded-for: an address with or without brackets and port (RFC 7239 section 6 writes them so;
 * proxies do the same here).
 */
export function parseForwardedIp(element: string): string | undefined {
  const text = element.trim()
  const bracketed = /^\[([^\]]*)\](?::(\d{1,5}))?$/.exec(text)
  if (bracketed !== null)
    return isPort(bracketed[2]) && isIPv6(bracketed[1] ?? '') ? normaliseIp(bracketed[1] ?? '') : undefined
  const colon = text.indexOf(':')
  if (colon > 0 && colon === text.lastIndexOf(':')) {
    const port = text.slice(colon + 1)
    return /^\d{1,5}$/.test(port) && isPort(port) ? normaliseIp(text.slice(0, colon)) : undefined
  }
  return normaliseIp(text)
}

const isPort = (text: string | undefined): boolean => text === undefined || Number(text) <= 65535

/** Special-use ranges that never stand for a place in the Internet (RFC 6890); documentation ranges are not among them. */
const PRIVATE_RANGES: ReadonlySet<string> = new Set([
  'private',
  'loopback',
  'linkLocal',
  'uniqueLocal',
  'carrierGradeNat',
])

/** @param ip as `normaliseIp` writes it */
export const isPrivateIp = (ip: string): boolean => PRIVATE_RANGES.has(ipaddr.parse(ip).range())

/** An address as a number that keeps the order: all 32 bits of IPv4, the first 48 of IPv6, which a double holds exactly. */
export type IpNumber = { readonly family: 4 | 6; readonly value: number }

/** @param ip as `normaliseIp` writes it */
export function ipNumber(ip: string): IpNumber {
  const parsed = ipaddr.parse(ip)
  if (parsed instanceof ipaddr.IPv4) {
    const [a = 0, b = 0, c = 0, d = 0] = parsed.octets
    return { family: 4, value: a * 0x1_00_00_00 + b * 0x1_00_00 + c * 0x1_00 + d }
  }
  const [a = 0, b = 0, c = 0] = parsed.parts
  return { family: 6, value: (a * 0x1_0000 + b) * 0x1_0000 + c }
}
