import { ALGORITHMS, type Algorithm } from '../lib/algorithms.ts'

/** Which signature algorithm goes with which kind of key. */

const NAMES: readonly string[] = ALGORITHMS
const isAlgorithm = (name: string): name is Algorithm => NAMES.includes(name)

/** The one name of an algorithm, or undefined when it is none that Vigil verifies. */
export function algorithmNamed(name: unknown): Algorithm | undefined {
  if (name === 'EdDSA') return 'Ed25519'
  return typeof name === 'string' && isAlgorithm(name) ? name : undefined
}

const BY_CURVE = new Map<unknown, Algorithm>([
  ['P-256', 'ES256'],
  ['P-384', 'ES384'],
  ['P-521', 'ES512'],
])

export const isRsa = (algorithm: Algorithm): boolean =>
  algorithm.startsWith('RS') || algorithm.startsWith('PS')

/** Algorithms that a key of this type and curve could be used with; empty for keys of no use here. */
export function algorithmsOf(kty: unknown, crv: unknown): readonly Algorithm[] {
  if (kty === 'RSA') return ALGORITHMS.filter(isRsa)
  if (kty === 'OKP') return crv === 'Ed25519' ? ['Ed25519'] : []
  const algorithm = kty === 'EC' ? BY_CURVE.get(crv) : undefined
  return algorithm === undefined ? [] : [algorithm]
}
