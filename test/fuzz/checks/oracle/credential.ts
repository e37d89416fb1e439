/** Which one credential a request shows, if all its readers can only find this one. */
import type { WorldSettings } from '../settings.ts'
import { only, type Seen } from './seen.ts'

export interface Shown {
  readonly token: string
  readonly scheme: 'bearer' | 'dpop' | undefined
  /** Issuers whose tokens come in this cookie; absent: it came in Authorization. */
  readonly cookieOf: readonly string[] | undefined
}

/** @returns why it must be refused, in a word; undefined: nothing is shown */
export function readShown(seen: Seen, settings: WorldSettings): Shown | string | undefined {
  const lines = seen.headers.get('authorization')
  if (hasQueryToken(seen.query)) return 'query token'
  if (lines !== undefined && lines.length > 1) return 'credential twice'
  const proofs = seen.headers.get('dpop') ?? []
  if (proofs.length > 1 || proofs.some((line) => line.includes(','))) return 'proof twice'
  const cookie = readCookie(seen, settings)
  if (typeof cookie === 'string') return cookie
  const [line] = lines ?? []
  if (line === undefined) return cookie
  if (cookie !== undefined) return 'credential twice'
  const [, scheme = '', token = ''] = /^(bearer|dpop) +([A-Za-z0-9\-._~+/]+=*)$/i.exec(line) ?? []
  return token === ''
    ? 'authorization'
    : { token, scheme: scheme.toLowerCase() as 'bearer' | 'dpop', cookieOf: undefined }
}

/** PHP makes `access.token` and `access token` the same name. */
function hasQueryToken(query: string): boolean {
  return [...new URLSearchParams(query).keys()].some((name) => /^\s*access[_. ]token(\[|$)/i.test(name))
}

export const cookieNames = ({ identity }: WorldSettings): ReadonlySet<string> =>
  new Set(identity.issuers.flatMap(({ cookie }) => cookie?.name ?? []))

/** Those of these names, by whatever any reader might split at. */
export function tokenCookies(text: string, names: ReadonlySet<string>): readonly string[] {
  return text.split(/[;,]/).filter((part) => {
    const bare = (part.split('=')[0] ?? '').replace(/[^\x21-\x7e]/g, '')
    return [...names].some(
      (name) => name === bare || (name.startsWith('__') && name.toLowerCase() === bare.toLowerCase()),
    )
  })
}

function readCookie(seen: Seen, settings: WorldSettings): Shown | string | undefined {
  const { identity } = settings
  const names = cookieNames(settings)
  const lines = seen.headers.get('cookie')
  if (names.size === 0 || lines === undefined) return undefined
  const found = tokenCookies(lines.join(';'), names)
  const [one] = found
  if (one === undefined) return undefined
  if (found.length > 1 || /(^|[;,])\s*\$version/i.test(lines.join(';'))) return 'cookie ambiguous'
  const [, name = '', value = ''] = /^[ \t]*([^=\s]+)[ \t]*=(.*)$/.exec(one) ?? []
  if (!names.has(name)) return 'cookie ambiguous'
  const issuers = identity.issuers.filter(({ cookie }) => cookie?.name === name)
  const origins = issuers.flatMap(({ cookie }) => cookie?.allowedOrigins ?? [])
  return isForeign(seen, origins)
    ? 'cross site'
    : { token: value.trim(), scheme: undefined, cookieOf: issuers.map(({ issuer }) => issuer) }
}

/** Another site may have made the browser send this. The entrypoint's own origins are allowed by whoever asks. */
function isForeign(seen: Seen, allowed: readonly string[]): boolean {
  const isWebSocket = (seen.headers.get('upgrade') ?? []).some((value) => /websocket/i.test(value))
  if (['GET', 'HEAD', 'OPTIONS'].includes(seen.method) && !isWebSocket) return false
  if (only(seen, 'sec-fetch-site') === 'same-origin') return false
  const origin = only(seen, 'origin')
  return origin === undefined || ![...allowed, ...OWN_ORIGINS].includes(origin)
}

/** Those that worlds give to entrypoints. */
const OWN_ORIGINS = ['https://api.example.com', 'https://www.example.com:8443', 'http://api.example.com']
