import type { IdentitySettings } from '../config/schema/identity.ts'
import { cookieParts, excessOf, lenientName, withoutCookies } from '../lib/cookies.ts'
import { isWebSocket } from '../lib/navigation.ts'
import { isUnread } from '../lib/unread.ts'
import type { Check, Entrypoint } from '../model.ts'
import { type Cookies, type Refused, type Result, refused, type TokenCookie } from './contract.ts'

/** What the request's cookies hold for us: the one value, and its cookie. */
export interface ShownCookie {
  readonly cookie: TokenCookie
  readonly value: string
}

/** RFC 9110 section 9.2.1; TRACE is no method that this service knows. */
const SAFE: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS'])

/** @returns undefined where no issuer's tokens come in a cookie: then no cookie is looked at */
export function compileCookies({ issuers }: Pick<IdentitySettings, 'issuers'>): Cookies | undefined {
  const found = new Map<string, TokenCookie>()
  for (const { issuer, cookie } of issuers) {
    if (cookie === undefined) continue
    const before = found.get(lenientName(cookie.name))
    const origins = cookie.allowedOrigins.flatMap((origin) => URL.parse(origin)?.origin ?? [])
    found.set(lenientName(cookie.name), {
      name: cookie.name,
      issuers: new Set([...(before?.issuers ?? []), issuer]),
      origins: new Set([...(before?.origins ?? []), ...origins]),
    })
  }
  return found.size === 0 ? undefined : { byLenientName: found }
}

/**
 * The one cookie that holds a token. Readers of cookies differ (lib/cookies.ts), and some change their grammar after
 * `$Version`. A request in which any of them could find another cookie than this one is refused: application and Vigil must see the same.
 */
export function readCookie(check: Check, cookies: Cookies): Result<ShownCookie> | undefined {
  const lines = check.headers.get('cookie')
  if (lines === undefined) return undefined
  const text = lines.join(';')
  const excess = excessOf(text)
  if (excess !== undefined) return refused('identity.cookie.ambiguous', excess)
  const parts = cookieParts(text)
  const isLegacy = parts.some(({ name }) => name.toLowerCase() === '$version')
  const shown = parts.filter(({ name }) => cookies.byLenientName.has(lenientName(name)))
  const [one, ...more] = shown
  if (one === undefined) return undefined
  if (more.length > 0) {
    return refused('identity.credential.multiple', `cookies with a token came ${shown.length} times`)
  }
  const cookie = cookies.byLenientName.get(lenientName(one.name))
  return cookie?.name === one.name && one.isWhole && !isLegacy
    ? { ok: true, value: { cookie, value: one.value } }
    : refused('identity.cookie.ambiguous', `some find ${cookie?.name} in them and others do not`)
}

/**
 * What is left of the `cookie` header for an application that shall see no token; empty: nothing.
 * @returns undefined where it holds none
 */
export function cookieOnward(check: Check, { byLenientName }: Cookies): string | undefined {
  if (isUnread(check)) return ''
  const lines = check.headers.get('cookie')
  return lines && withoutCookies(lines, (name) => byLenientName.has(name))
}

/**
 * A browser sends cookies with what other sites make it ask (CSRF). What changes something, and a WebSocket, which no
 * later check would stop, must come from the site itself or from an origin that may.
 */
export function crossSiteRefusal(
  check: Check,
  entrypoint: Entrypoint,
  { origins }: TokenCookie,
): Refused | undefined {
  if (SAFE.has(check.method) && !isWebSocket(check)) return undefined
  if (only(check, 'sec-fetch-site') === 'same-origin') return undefined
  const origin = only(check, 'origin')
  const isAllowed =
    origin !== undefined && (origins.has(origin) || entrypoint.externalOrigins.includes(origin))
  return isAllowed ? undefined : refused('identity.cookie.cross-site')
}

/** The value of a header that came once. */
function only(check: Check, name: string): string | undefined {
  const lines = check.headers.get(name)
  return lines?.length === 1 ? lines[0] : undefined
}
