import { hash } from 'node:crypto'

/** Required members in lexicographic order (RFC 7638 section 3.2, RFC 8037 section 2). */
const MEMBERS = new Map<unknown, readonly string[]>([
  ['EC', ['crv', 'kty', 'x', 'y']],
  ['OKP', ['crv', 'kty', 'x']],
  ['RSA', ['e', 'kty', 'n']],
])

/**
 * JWK SHA-256 thumbprint (RFC 7638), base64url. Synchronous, so that keys in configuration are judged while it loads.
 * @returns undefined when the key type is not asymmetric or a required member is missing
 */
export function thumbprintOf(jwk: Readonly<Record<string, unknown>>): string | undefined {
  const members = MEMBERS.get(jwk['kty'])
  if (members === undefined || members.some((name) => typeof jwk[name] !== 'string')) return undefined
  const required = Object.fromEntries(members.map((name) => [name, jwk[name]]))
  return hash('sha256', JSON.stringify(required), 'base64url')
}
