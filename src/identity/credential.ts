import type { FailureCode } from '../errors.ts'
import type { Check, Scheme } from '../model.ts'
import type { Cookies, Result, TokenCookie } from './contract.ts'
import { readCookie, type ShownCookie } from './cookie.ts'

/** An access token as the caller showed it, before anything about it is believed. */
export interface Presented {
  /** Absent: it came in a cookie. */
  readonly scheme?: Scheme | undefined
  readonly cookie?: TokenCookie | undefined
  readonly token: string
  /** The DPoP proof, when one came along. */
  readonly proof: string | undefined
}

export type Reading =
  | { readonly kind: 'none' }
  | { readonly kind: 'token'; readonly presented: Presented }
  | {
      readonly kind: 'refused'
      readonly failure: FailureCode
      readonly scheme?: Scheme
      readonly detail?: string
    }

/** RFC 9110 section 11.4: one scheme, then (after spaces only) its token68 or parameters. */
const AUTHORIZATION = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+(?: +.*)?$/
/** The same with a scheme that is known and a token68 (RFC 9110 section 11.2; DPOP-18): the only form that is taken. */
const TOKEN = /^(bearer|dpop) +([A-Za-z0-9\-._~+/]+=*)$/i
const SCHEMES: ReadonlyMap<string, Scheme> = new Map([
  ['bearer', 'Bearer'],
  ['dpop', 'DPoP'],
])

/**
 * Reads which one credential this check shows. More than one is refused, whichever of them would have been good:
 * Envoy, the application and Vigil must not pick different ones (RFC 6750 section 2, RFC 9449 section 7.2).
 */
export function readCredential(check: Check, cookies: Cookies | undefined): Reading {
  const authorization = check.headers.get('authorization')
  const proofs = check.headers.get('dpop')
  const line = authorization?.[0]
  const shown = line === undefined ? null : TOKEN.exec(line)
  const scheme = line === undefined ? undefined : schemeOf(shown?.[1] ?? line)
  if (check.hasQueryToken) return refuse('identity.credential.in-query', scheme)
  const repeated = refuseRepeated(authorization, proofs, scheme)
  if (repeated !== undefined) return repeated
  const cookie = cookies && readCookie(check, cookies)
  if (cookie !== undefined) return readShown(cookie, line, scheme, proofs?.[0])
  if (line === undefined) return { kind: 'none' }
  const token = shown?.[2]
  if (token === undefined || scheme === undefined) return refuseAuthorization(line, scheme)
  return { kind: 'token', presented: { scheme, token, proof: proofs?.[0] } }
}

function refuseRepeated(
  authorization: readonly string[] | undefined,
  proofs: readonly string[] | undefined,
  scheme: Scheme | undefined,
): Reading | undefined {
  if (authorization !== undefined && authorization.length > 1) {
    return refuse('identity.credential.multiple', scheme, `authorization came ${authorization.length} times`)
  }
  // DPOP-01. Repeated fields may arrive joined with a comma, and no proof contains one.
  if (proofs !== undefined && (proofs.length > 1 || proofs[0]?.includes(','))) {
    const detail = proofs.length > 1 ? `dpop came ${proofs.length} times` : 'dpop holds a comma'
    return refuse('identity.dpop.multiple', scheme, detail)
  }
  return undefined
}

/** What stands in the cookie is the verifier's to judge: a browser cannot mend it, but it can be sent to log in. */
function readShown(
  shown: Result<ShownCookie>,
  line: string | undefined,
  scheme: Scheme | undefined,
  proof: string | undefined,
): Reading {
  if (line !== undefined) {
    return refuse('identity.credential.multiple', scheme, 'authorization and a cookie with a token')
  }
  if (!shown.ok) return refuse(shown.failure, undefined, shown.detail)
  const { cookie, value: token } = shown.value
  return { kind: 'token', presented: { cookie, token, proof } }
}

function refuseAuthorization(line: string, scheme: Scheme | undefined): Reading {
  // The scheme is not told: in a line that is a bare token it would be the token.
  const isOther = scheme === undefined && AUTHORIZATION.test(line) && !mentionsToken(line)
  return isOther ? refuse('identity.credential.unsupported') : refuseLine(line, scheme)
}

/** A comma stands where a proxy has joined two fields; no credential holds one. */
function refuseLine(line: string, scheme: Scheme | undefined): Reading {
  return line.includes(',')
    ? refuse('identity.credential.multiple', scheme, 'authorization holds a comma')
    : refuse('identity.credential.malformed', scheme, 'authorization is not one scheme and one token')
}

/** `Basic eA==,Bearer b`: a token scheme after a comma is a second field, joined. */
const mentionsToken = (line: string) => /,\s*(?:bearer|dpop)\s/i.test(line)

/** Scheme names are compared without case (RFC 9110 section 11.1). */
function schemeOf(line: string): Scheme | undefined {
  const space = line.search(/[ ,]/)
  return SCHEMES.get((space < 0 ? line : line.slice(0, space)).toLowerCase())
}

function refuse(failure: FailureCode, scheme?: Scheme, detail?: string): Reading {
  return {
    kind: 'refused',
    failure,
    ...(scheme === undefined ? {} : { scheme }),
    ...(detail === undefined ? {} : { detail }),
  }
}
