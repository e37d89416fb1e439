import { base64url, type Key, sha256, signText } from './keys.ts'

export type Members = Record<string, unknown>

/** A JWS before it is signed, with what is done to it on its way. Mutators change it in place. */
export interface JwtDraft {
  header: Members
  claims: Members
  key: Key
  /** Rewrites the JSON text before it is encoded: a member twice, other numbers, blanks. */
  readonly headerText: ((text: string) => string)[]
  readonly claimsText: ((text: string) => string)[]
  /** What stands for the signature; absent: a good one over the first two segments. */
  signature?: (input: string, key: Key) => string
  /** Rewrites the compact form when it is done. */
  readonly compact: ((compact: string) => string)[]
}

export const draftOf = (key: Key, header: Members, claims: Members): JwtDraft => ({
  header,
  claims,
  key,
  headerText: [],
  claimsText: [],
  compact: [],
})

const rewritten = <T>(value: T, rewriters: readonly ((value: T) => T)[]): T =>
  rewriters.reduce((before, rewrite) => rewrite(before), value)

/** JSON has no undefined: such a member is left out. */
const textOf = (members: Members) => JSON.stringify(members)

/** Signed before, by input and key: most cases begin with the same tokens. Full, it starts anew. */
const signed = new Map<string, string>()
const MOST_SIGNED = 20_000

/** The compact form. @param isOften the same one is asked for again and again: its signature is kept */
export function compactOf(draft: JwtDraft, isOften: boolean): string {
  const header = rewritten(textOf(draft.header), draft.headerText)
  const claims = rewritten(textOf(draft.claims), draft.claimsText)
  const input = `${base64url(header)}.${base64url(claims)}`
  const signature = draft.signature?.(input, draft.key) ?? signatureOf(input, draft, isOften)
  return rewritten(`${input}.${signature}`, draft.compact)
}

function signatureOf(input: string, { key, header }: JwtDraft, isOften: boolean): string {
  const alg = header['alg'] === 'PS256' ? 'PS256' : key.alg
  const id = isOften ? `${key.kid} ${alg} ${sha256(input)}` : ''
  const known = isOften ? signed.get(id) : undefined
  if (known !== undefined) return known
  const made = signText(key, input, alg).toString('base64url')
  if (!isOften) return made
  if (signed.size >= MOST_SIGNED) signed.clear()
  signed.set(id, made)
  return made
}
