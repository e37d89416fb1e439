/**
 * Keys and words that the design names and this version does not have. They are refused, never ignored: a setting
 * that is silently without effect is worse than none. `*` stands for any index.
 */
const LATER_KEYS: Readonly<Record<string, readonly string[]>> = {
  'vigil.yaml': [
    'locks',
    'grants',
    'revocation',
    'events',
    'inventory',
    'posture',
    'tenants',
    'identity.introspection',
    'identity.apiKeys',
    'identity.issuers.*.introspection',
    'identity.issuers.*.revocation',
    'actions.*.grant',
    'actions.*.revocation',
    'enforcement.accessRequest',
    'enforcement.assertion',
    'failure.introspection',
    'failure.revocation',
  ],
  'static.yaml': ['admin', 'receiver', 'revocation', 'inventory', 'telemetry.accessLog'],
}

/** Each with what to do until then. */
const LATER_WORDS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'policy.*.effect': { narrow: '' },
  'rules.*.effect': { narrow: '' },
}

const PATTERNS = new Set(Object.values(LATER_KEYS).flat())

const patternOf = (path: readonly PropertyKey[]): string =>
  path.map((part) => (typeof part === 'number' ? '*' : String(part))).join('.')

/** The key belongs to a version that is not built yet. */
export const isLaterKey = (path: readonly PropertyKey[]): boolean => PATTERNS.has(patternOf(path))

/** What to say of a word that will be allowed here in a version that is not built yet. */
export function laterWord(path: readonly PropertyKey[], word: unknown): string | undefined {
  const words = LATER_WORDS[patternOf(path)]
  if (words === undefined || typeof word !== 'string' || !Object.hasOwn(words, word)) return undefined
  return `"${word}" is not in this version; it comes with a later one${words[word]}`
}

/** Every refused key, for the tests that hold schema and table apart. */
export const laterKeys = (): readonly string[] => [...PATTERNS]
