/** Changes of the JSON text of any JWS that two readers could take for two things. */
import type { Draft } from '../draft.ts'
import type { JwtDraft } from '../jwt.ts'
import { choose, type Mutators, rest } from './mutation.ts'

type Find = (draft: Draft) => JwtDraft | undefined
type Rewrite = (text: string) => string

const inside = (text: string, member: string): string => `{${member},${text.slice(1)}`
const behind = (text: string, member: string): string => `${text.slice(0, -1)},${member}}`

const CLAIMS: readonly [Rewrite, ...Rewrite[]] = [
  (text) => inside(text, '"sub":"admin"'),
  (text) => behind(text, '"sub":"admin"'),
  (text) => behind(text, '"s\\u0075b":"admin"'),
  (text) => behind(text, '"scope":"admin files secret orders.write"'),
  (text) => behind(text, '"exp":9999999999'),
  (text) => behind(text, '"cnf":{}'),
  (text) => behind(text, '"htm":"POST"'),
  (text) => behind(text, '"__proto__":{"scope":"admin"}'),
  (text) => behind(text, '"x":{"a":1,"a":2}'),
  (text) => text.replace(/"exp":(\d+)/, '"exp":1e400'),
  (text) => text.replace(/"exp":(\d+)/, '"exp":$1.5'),
  (text) => text.replace(/"exp":(\d+)/, '"exp":-0'),
  (text) => text.replace(/"exp":(\d+)/, '"exp":$1e0'),
  (text) => text.replace(/"iat":(\d+)/, '"iat":$10e-1'),
  (text) => text.replace(/"iat":(\d+)/, '"iat":1e400'),
  (text) => text.replace(/"iat":(\d+)/, '"iat":0$1'),
  (text) => text.replace(/"iat":(\d+)/, '"iat":"$1"'),
  (text) => text.replace(/"sub":"/, '"sub":"\\ud800'),
  (text) => text.replace(/"sub"/, '"s\\u0075b"'),
  (text) => text.replace(/:/, ' :\t'),
  (text) => `\ufeff${text}`,
  (text) => ` ${text} `,
  (text) => `${text}x`,
  (text) => `${text}\u0000`,
  (text) => `[${text}]`,
  (text) => text.replaceAll('"', "'"),
  (text) => `${text.slice(0, -1)},}`,
  (text) => behind(text, `"deep":${'['.repeat(9)}${']'.repeat(9)}`),
  (text) => behind(text, `"deep":${'{"a":'.repeat(40)}1${'}'.repeat(40)}`),
  () => 'null',
  () => '{}',
  () => '',
]

const HEADERS: readonly [Rewrite, ...Rewrite[]] = [
  (text) => inside(text, '"alg":"none"'),
  (text) => behind(text, '"alg":"none"'),
  (text) => behind(text, '"alg":"HS256"'),
  (text) => behind(text, '"\\u0061lg":"Ed25519"'),
  (text) => behind(text, '"kid":"other"'),
  (text) => behind(text, '"crit":["x"],"x":1'),
  (text) => behind(text, '"typ":"JWT"'),
  (text) => text.replace('"jwk":{', '"jwk":{"kty":"oct",'),
  (text) => text.replace('"alg"', '"ALG"'),
  (text) => ` ${text}`,
  () => '{}',
  () => '[]',
]

export const jsonMutators = (name: string, find: Find): Mutators => ({
  [`${name} claims text`]: (draft, { n }) => {
    find(draft)?.claimsText.push(choose(CLAIMS, n))
  },
  [`${name} header text`]: (draft, { n }) => {
    find(draft)?.headerText.push(choose(HEADERS, n))
  },
  [`${name} claims bytes`]: (draft, { n, text }) => {
    find(draft)?.claimsText.push((json) => {
      const at = rest(n, 2) % Math.max(1, json.length)
      return json.slice(0, at) + text + json.slice(n % 2 === 0 ? at : at + text.length)
    })
  },
})
