/** What the load asks, and what may come of it: known beforehand for every single request. */

/** Everything that a request can come to. */
export const ANSWERS = [
  /** The application answered, with all that the decision wanted. */
  'passed',
  /** The application answered, and `x-vigil-degraded` told it what was missing. */
  'degraded',
  /** 400, 401, 403 or 413 of Vigil. */
  'refused',
  /** 401 `use_dpop_nonce`. */
  'nonce',
  /** 429. */
  'throttled',
  /** 503 of Vigil, with `Retry-After`. */
  'unavailable',
  /** Envoy’s own error: it got no answer of Vigil, or none in time. */
  'envoy',
  /** No answer at all. */
  'broken',
] as const
export type AnswerKind = (typeof ANSWERS)[number]

/** Whose promises are the same. `bad` may never reach the application. */
export const GROUPS = ['low', 'high', 'lowBound', 'highBound', 'bad'] as const
export type Group = (typeof GROUPS)[number]

/** What is shown: `bearer` and `proof` with a token of the book, `replay` a proof that has passed before. */
export type Shows = 'nothing' | 'bearer' | 'proof' | 'foreign-proof' | 'replay'

export interface Kind {
  readonly name: string
  readonly group: Group
  /** Share of the load. */
  readonly weight: number
  readonly method: 'GET' | 'PUT' | 'POST'
  readonly shows: Shows
  /** Where its tokens stand in the book; a kind whose list is empty is not sent. */
  readonly tokens: TokenList
}

/** Tokens by what is wrong with them; `bound` ones belong to the signers, in the same order. */
export const TOKEN_LISTS = [
  'good',
  'bound',
  'forged',
  'strange',
  'expired',
  'lately',
  'elsewhere',
  'scopeless',
  'retired',
] as const
export type TokenList = (typeof TOKEN_LISTS)[number]
export type Book = Readonly<Record<TokenList, readonly string[]>>

/** One path, three methods: low, medium and high sensitivity. */
export const PATH = '/v1/items'

const kind = (
  name: string,
  group: Group,
  weight: number,
  method: Kind['method'],
  shows: Shows,
  tokens: TokenList = 'good',
): Kind => ({ name, group, weight, method, shows, tokens })

export const KINDS: readonly Kind[] = [
  kind('bearer-low', 'low', 20, 'GET', 'bearer'),
  kind('bearer-medium', 'low', 10, 'PUT', 'bearer'),
  kind('bearer-high', 'high', 20, 'POST', 'bearer'),
  kind('dpop-low', 'lowBound', 10, 'GET', 'proof', 'bound'),
  kind('dpop-high', 'highBound', 10, 'POST', 'proof', 'bound'),
  kind('no-credential', 'bad', 3, 'GET', 'nothing'),
  kind('forged-signature', 'bad', 3, 'GET', 'bearer', 'forged'),
  kind('key-of-nobody', 'bad', 3, 'GET', 'bearer', 'strange'),
  kind('expired', 'bad', 3, 'GET', 'bearer', 'expired'),
  kind('expired-lately', 'bad', 3, 'GET', 'bearer', 'lately'),
  kind('other-audience', 'bad', 3, 'GET', 'bearer', 'elsewhere'),
  kind('no-scope', 'bad', 3, 'GET', 'bearer', 'scopeless'),
  kind('proof-missing', 'bad', 3, 'GET', 'bearer', 'bound'),
  kind('proof-of-another', 'bad', 3, 'GET', 'foreign-proof', 'bound'),
  kind('retired-key', 'bad', 3, 'GET', 'bearer', 'retired'),
  kind('replay', 'bad', 15, 'GET', 'replay', 'bound'),
]

export const KIND_NAMES: readonly string[] = KINDS.map(({ name }) => name)
