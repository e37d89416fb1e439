/** Changes of the compact form of any JWS: segments, alphabet, signature. */
import type { Draft } from '../draft.ts'
import type { JwtDraft } from '../jwt.ts'
import { signText } from '../keys.ts'
import { choose, type Mutators, rest } from './mutation.ts'

type Find = (draft: Draft) => JwtDraft | undefined

const flipAt = (text: string, at: number): string => {
  const i = at % Math.max(1, text.length)
  const other = text[i] === 'A' ? 'B' : 'A'
  return text.slice(0, i) + other + text.slice(i + 1)
}

/** Another spelling of the same bytes, or nearly: each is refused by a strict reader. */
function respell(compact: string, n: number): string {
  const [head = '', body = '', signature = ''] = compact.split('.')
  const at = rest(n, 14)
  return choose(
    [
      `${head}.${body}`,
      `${head}.${body}.`,
      `.${body}.${signature}`,
      `${compact}.`,
      `${compact}.${signature}`,
      `${compact}=`,
      `${compact}==`,
      compact.replaceAll('-', '+').replaceAll('_', '/'),
      flipAt(compact, at),
      `${compact.slice(0, at % compact.length)}\n${compact.slice(at % compact.length)}`,
      `${head}.${body}.${lastBitsChanged(signature)}`,
      ` ${compact}`,
      `"${compact}"`,
      `${compact}${'A'.repeat(20_000)}`,
    ],
    n,
  )
}

/** The last character of 64 bytes in base64url holds four bits that mean nothing. */
function lastBitsChanged(signature: string): string {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
  const last = alphabet.indexOf(signature.at(-1) ?? 'A')
  return signature.slice(0, -1) + (alphabet[last ^ 1] ?? 'A')
}

type Sign = NonNullable<JwtDraft['signature']>

const text = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64url')

const SIGNATURES: readonly [Sign, ...Sign[]] = [
  () => '',
  () => 'AA',
  () => text(Buffer.alloc(64)),
  () => text(Buffer.alloc(64, 0xff)),
  () => text(Buffer.alloc(256)),
  (input, key) => text(signText(key, input).subarray(0, -1)),
  (input, key) => text(Buffer.concat([signText(key, input), Buffer.alloc(1)])),
  (input, key) => text(signText(key, input).reverse()),
  (input, key) => text(signText(key, `${input} `)),
  (input, key) => text(signText(key, input.split('.')[1] ?? '')),
  (input, key) => flipAt(text(signText(key, input)), 5),
  // ES256 with r = 0 (CVE-2022-21449), and the other s of the same point.
  () => text(Buffer.concat([Buffer.alloc(32), Buffer.alloc(31), Buffer.from([1])])),
]

export const shapeMutators = (name: string, find: Find): Mutators => ({
  [`${name} respelt`]: (draft, { n }) => {
    find(draft)?.compact.push((compact) => respell(compact, n))
  },
  [`${name} signature`]: (draft, { n }) => {
    const jwt = find(draft)
    if (jwt !== undefined) jwt.signature = choose(SIGNATURES, n)
  },
})
