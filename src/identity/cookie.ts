import type { IdentitySettings } from '../config/schema/identity.ts'
import { isWebSocket } from '../lib/navigation.ts'
import type { Check, Entrypoint } from '../model.ts'
import { type Cookies, type Refused, type Result, refused, type TokenCookie } from './contract.ts'

/** What the request's cookies hold for us: the one value, and its cookie. */
export interface ShownCookie {
  readonly cookie: TokenCookie
  readonly value: string
}

const MAX_LENGTH = 64 * 1024
/** RFC 9110 section 9.2.1; TRACE is no method that this service knows. */
const SAFE: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS'])

/** @returns undefined where no issuer's tokens come in a cookie: then no cookie is looked at */
export function compileCookies({ issuers }: Pick<IdentitySettings, 'issuers'>): Cookies | undefined {
  const found = new Map<string, TokenCookie>()
  for (const { issuer, cookie } of issuers) {
    if (cookie === undefined) continue
    const before = found.get(lenient(cookie.name))
    const origins = cookie.allowedOrigins.flatMap((origin) => URL.parse(origin)?.origin ?? [])
    found.set(lenient(cookie.name), {
      name: cookie.name,
      issuers: new Set([...(before?.issuers ?? []), issuer]),
      origins: new Set([...(before?.origins ?? []), ...origins]),
    })
  }
  return found.size === 0 ? undefined : { byLenientName: found }
}

/**
 * The one cookie that holds a token. Readers of cookies differ: some split at commas, some drop odd characters around a
 * name, some compare prefixes without case (RFC 6265bis section 4.1.3), some change their grammar after `$Version`. A request
 * in which any of them could find another cookie than this one is refused: application and Vigil must see the same.
 */
export function readCookie(check: Check, cookies: Cookies): Result<ShownCookie> | undefined {
  const lines = check.headers.get('cookie')
  if (lines === undefined) return undefined
  const text = lines.join(';')
  if (text.length > MAX_LENGTH)
    return refused('identity.cookie.ambiguous', `they are longer than ${MAX_LENGTH} characters`)
  const parts = partsOf(text)
  const isLegacy = parts.some(({ name }) => name.toLowerCase() === '$version')
  const shown = parts.filter(({ name }) => cookies.byLenientName.has(lenient(name)))
  const [one, ...more] = shown
  if (one === undefined) return undefined
  if (more.length > 0) {
    return refused('identity.credential.multiple', `cookies with a token came ${shown.length} times`)
  }
  const cookie = cookies.byLenientName.get(lenient(one.name))
  return cookie?.name === one.name && one.isWhole && !isLegacy
    ? { ok: true, value: { cookie, value: one.value } }
    : refused('identity.cookie.ambiguous', `some find ${cookie?.name} in them and others do not`)
}

interface Part {
  readonly name: string
  readonly value: string
  /** Nobody could find it elsewhere: it has a value and stands behind no comma. */
  readonly isWhole: boolean
}

/** Whatever a reader could take for a cookie. */
function partsOf(text: string): Part[] {
  return text.split(';').flatMap((pair) =>
    pair.split(',').map((part, i) => {
      const equals = part.indexOf('=')
      const name = equals < 0 ? part : part.slice(0, equals)
      return {
        name: withoutBlanks(name),
        value: part.slice(equals + 1).trim(),
        isWhole: i === 0 && equals >= 0,
      }
    }),
  )
}

/** RFC 9110 section 5.6.3 knows two blanks, `trim` many. By hand: a pattern with an end looks for it from every blank. */
function withoutBlanks(text: string): string {
  let [start, end] = [0, text.length]
  while (start < end && isBlank(text[start])) start++
  while (end > start && isBlank(text[end - 1])) end--
  return text.slice(start, end)
}

const isBlank = (character: string | undefined) => character === ' ' || character === '\t'

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

/** A name as the most lenient reader takes it: nothing but the characters of a token; prefixes without case. */
function lenient(name: string): string {
  const bare = name.replace(/[^!#$%&'*+\-.^_`|~0-9A-Za-z]+/g, '')
  return /^__(?:host|secure)-/i.test(bare) ? bare.toLowerCase() : bare
}
