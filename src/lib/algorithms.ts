/**
 * Signature algorithms that Vigil verifies (RFC 7518 section 3.1, RFC 8037, RFC 9864): never `none`, never symmetric.
 * `EdDSA` is another name of Ed25519 here: RFC 9864 deprecates the polymorphic name and both occur in the wild.
 */
export const ALGORITHMS = [
  'ES256',
  'ES384',
  'ES512',
  'Ed25519',
  'PS256',
  'PS384',
  'PS512',
  'RS256',
  'RS384',
  'RS512',
] as const

export type Algorithm = (typeof ALGORITHMS)[number]
