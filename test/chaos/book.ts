import { mintNow } from '../harness/live.ts'
import type { ProofSigner } from '../harness/proofs.ts'
import { keys, type Members, type SigningKey } from '../harness/tokens.ts'
import type { Book } from './kinds.ts'

export const SCOPE = 'items'

/** People; none of them asks so often that it would be remarkable. */
const PEOPLE = 200
/** Of what is refused: enough that no cache alone refuses them. */
const WRONG = 20
const LIFETIME = 900

/**
 * Tokens that are good for a quarter of an hour, and those that never were or are no more.
 * @param key the issuer’s
 * @param retired a key that the issuer has taken back; its tokens are among what may not pass
 */
export function mintBook(signers: readonly ProofSigner[], key: SigningKey, retired?: SigningKey): Book {
  const iat = Math.floor(Date.now() / 1000)
  const good = (i: number): Members => ({
    iat,
    exp: iat + LIFETIME,
    sub: `person-${i}`,
    sid: `session-${i}`,
    jti: `token-${iat}-${i}`,
    scope: SCOPE,
  })
  const several = (count: number, claims: (i: number) => Members, by = key) =>
    Array.from({ length: count }, (_, i) => mintNow({ key: by, claims: { ...good(i), ...claims(i) } }))
  const plain = () => ({})
  return {
    good: several(PEOPLE, plain),
    bound: signers.map(({ jkt }, i) => mintNow({ key, claims: { ...good(PEOPLE + i), cnf: { jkt } } })),
    forged: several(WRONG, plain).map(withOtherSignature),
    // The key id is the issuer’s, the key is not.
    strange: several(WRONG, plain, { ...keys.stranger, kid: key.kid }),
    expired: several(WRONG, () => ({ iat: iat - 9000, exp: iat - 8100 })),
    lately: several(WRONG, () => ({ iat: iat - LIFETIME, exp: iat - 10 })),
    elsewhere: several(WRONG, () => ({ aud: 'https://elsewhere.example' })),
    scopeless: several(WRONG, () => ({ scope: 'others' })),
    retired: retired === undefined ? [] : several(WRONG, plain, retired),
  }
}

/** The signature of another token: well-formed, and of other words. */
function withOtherSignature(token: string, index: number, all: readonly string[]): string {
  const other = all[(index + 1) % all.length] ?? ''
  return `${token.slice(0, token.lastIndexOf('.'))}${other.slice(other.lastIndexOf('.'))}`
}
