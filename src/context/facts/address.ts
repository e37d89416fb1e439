import { normaliseIp, parseForwardedIp } from '../../lib/ip.ts'
import type { Check, Entrypoint, Facts } from '../../model.ts'

/**
 * The client's address: with N trusted proxies in front of the calling Envoy, element N+1 from the right of
 * x-forwarded-for where that Envoy appends its TCP peer, element N where it does not; N = 0 is then the TCP peer.
 * Too few elements, or one that is no address, leave the TCP peer and the mark `isUntrusted`.
 */
export function addressOf(check: Check, entrypoint: Entrypoint): Facts['address'] {
  const position = entrypoint.trustedProxies + (entrypoint.envoyAppends ? 1 : 0)
  if (position === 0) return peerOf(check, false)
  const element = elementFromRight(check.headers.get('x-forwarded-for'), position)
  const ip = element === undefined ? undefined : parseForwardedIp(element)
  return ip === undefined ? peerOf(check, true) : { ip, isUntrusted: false }
}

function peerOf(check: Check, isUntrusted: boolean): Facts['address'] {
  const ip = check.source.ip === undefined ? undefined : normaliseIp(check.source.ip)
  return ip === undefined ? { isUntrusted } : { ip, isUntrusted }
}

/**
 * Repeated headers form one list in their order (RFC 9110 section 5.3). Empty elements count: every proxy adds
 * its element behind a comma, so only counting all of them finds what a trusted one wrote.
 */
function elementFromRight(values: readonly string[] | undefined, position: number): string | undefined {
  if (values === undefined || values.length === 0) return undefined
  const list = values.length === 1 ? (values[0] ?? '') : values.join(',')
  let end = list.length
  for (let left = position; left > 1; left--) {
    end = list.lastIndexOf(',', end - 1)
    // lastIndexOf reads a negative position as 0, so the left end of the list is asked for by hand.
    if (end <= 0) return undefined
  }
  return list.slice(list.lastIndexOf(',', end - 1) + 1, end)
}
