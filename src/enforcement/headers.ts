import type { Actor, Credential, Decision, HeaderPair, Identified, Level } from '../model.ts'
import type { Way } from './way.ts'

/** The identity headers that the upstream sees (docs/answers.md). */
const IDENTITY_HEADERS = [
  'x-vigil-issuer',
  'x-vigil-subject',
  'x-vigil-tenant',
  'x-vigil-session',
  'x-vigil-client',
  'x-vigil-actor',
  'x-vigil-workload',
  'x-vigil-scope',
  'x-vigil-acr',
  'x-vigil-risk',
  'x-vigil-decision',
  'x-vigil-degraded',
  // Of later versions: stripped from the start, so that nobody can forge them while nothing sets them.
  'x-vigil-assertion',
] as const

export const HOP_HEADER = 'x-vigil-hop'

/** Every spelling with `_` for `-`: CGI-like servers read them as the same name (CVE-2025-64484). */
function twins(name: string): string[] {
  const [first = '', ...rest] = name.split('-')
  const all = rest.reduce(
    (heads, part) => heads.flatMap((head) => [`${head}-${part}`, `${head}_${part}`]),
    [first],
  )
  return all.filter((twin) => twin !== name)
}

const OWNED: readonly string[] = [...IDENTITY_HEADERS, HOP_HEADER]
const BITS: ReadonlyMap<string, number> = new Map(OWNED.map((name, i) => [name, 1 << i]))
const TWINS = OWNED.flatMap(twins)

/** A list for each set of names that answers set: the same object each time, so that its encoding can be kept. */
const lists = new Map<number, readonly string[]>()

/** Inbound names to remove: all that Vigil owns and their twins, but never one that is set (removal comes last). */
export function headersToRemove(set: readonly HeaderPair[]): readonly string[] {
  let mask = 0
  for (const [name] of set) mask |= BITS.get(name) ?? 0
  const known = lists.get(mask)
  if (known !== undefined) return known
  const names = Object.freeze([...OWNED.filter((_, i) => (mask & (1 << i)) === 0), ...TWINS])
  lists.set(mask, names)
  return names
}

const CREDENTIAL = ['authorization', 'dpop']
const COOKIE = 'cookie'

/** The lists of `headersToRemove` with more behind them: the same object each time, too. */
function lengthened(more: readonly string[]): (names: readonly string[]) => readonly string[] {
  const known = new WeakMap<readonly string[], readonly string[]>()
  return (names) => {
    const list = known.get(names) ?? Object.freeze([...names, ...more])
    known.set(names, list)
    return list
  }
}

const withCredential = lengthened(CREDENTIAL)
const withCookie = lengthened([...CREDENTIAL, COOKIE])

/**
 * What a request that passes loses on its way through this entrypoint. Where that forwards no credential it loses this,
 * too: what it was issued for is done here, and it must not be used elsewhere (MCP-02).
 */
export function removalOf(set: readonly HeaderPair[], way: Way | undefined): readonly string[] {
  const names = headersToRemove(set)
  if (way?.entrypoint.forwardsCredential !== false) return names
  return way.cookie === '' ? withCookie(names) : withCredential(names)
}

/** What a request that passes is given on its way, besides what is told of who it is. */
export function wayHeaders(way: Way | undefined): HeaderPair[] {
  const headers: HeaderPair[] = []
  if (way?.hop !== undefined) headers.push([HOP_HEADER, way.hop])
  if (way?.cookie) headers.push([COOKIE, way.cookie])
  return headers
}

/**
 * Values are injectively percent-encoded: every byte outside visible ASCII, and `%` itself. So no two identities
 * share a header value and no control byte reaches the upstream.
 */
export function encodeValue(value: string): string {
  if (/^[\x21-\x24\x26-\x7e]*$/.test(value)) return value
  return Array.from(value, encodeCharacter).join('')
}

function encodeCharacter(character: string): string {
  if (/^[\x21-\x24\x26-\x7e]$/.test(character)) return character
  const code = character.codePointAt(0) ?? 0
  const bytes = isLoneSurrogate(code) ? surrogateBytes(code) : Buffer.from(character, 'utf8')
  return Array.from(bytes, (byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`).join('')
}

/** JSON may hold half a character. UTF-8 would turn all of these into the same U+FFFD, and so two subjects into one. */
const isLoneSurrogate = (code: number) => code >= 0xd800 && code <= 0xdfff
const surrogateBytes = (code: number) => [
  0xe0 | (code >> 12),
  0x80 | ((code >> 6) & 0x3f),
  0x80 | (code & 0x3f),
]

type OwnHeader = (typeof IDENTITY_HEADERS)[number]

/** An actor that another issuer knows is somebody else than one of the same name here: its issuer stands behind a blank. */
const actorValue = ({ subject, issuer }: Actor, own: string): string =>
  issuer === undefined || issuer === own
    ? encodeValue(subject)
    : `${encodeValue(subject)} ${encodeValue(issuer)}`

/** Headers of a passing answer; only members that are known. */
export function identityHeaders(
  subject: Pick<Identified, 'credential' | 'workload'> | undefined,
  level: Level | undefined,
  decisionId: string,
  decision: Decision,
): HeaderPair[] {
  const headers = subject === undefined ? [] : credentialHeaders(subject.credential).slice()
  const workload = subject?.workload
  set(headers, 'x-vigil-workload', workload && encodeValue(workload.id))
  set(headers, 'x-vigil-risk', level)
  set(headers, 'x-vigil-decision', decisionId)
  set(headers, 'x-vigil-degraded', decision.degraded.join(','))
  return headers
}

function set(headers: HeaderPair[], name: OwnHeader, value: string | undefined): void {
  if (value !== undefined && value !== '') headers.push([name, value])
}

/**
 * A token that was verified before comes as the same object, and its headers are the same each time. They are kept from the
 * second time on: of tokens that are shown once the cache holds thousands, and this would be a fifth of what each takes.
 */
const known = new WeakMap<Credential, readonly HeaderPair[]>()
const ONCE: readonly HeaderPair[] = []

function credentialHeaders(credential: Credential): readonly HeaderPair[] {
  const before = known.get(credential)
  if (before !== undefined && before !== ONCE) return before
  const { client, actor, acr, scopes } = credential
  const headers: HeaderPair[] = []
  set(headers, 'x-vigil-issuer', encodeValue(credential.issuer))
  set(headers, 'x-vigil-subject', encodeValue(credential.subject))
  set(headers, 'x-vigil-tenant', encodeValue(credential.tenant))
  set(headers, 'x-vigil-session', encodeValue(credential.session.id))
  set(headers, 'x-vigil-client', client && encodeValue(client))
  set(headers, 'x-vigil-actor', actor && actorValue(actor, credential.issuer))
  set(headers, 'x-vigil-scope', scopes.map(encodeValue).join(' '))
  set(headers, 'x-vigil-acr', acr && encodeValue(acr))
  known.set(credential, before === undefined ? ONCE : headers)
  return headers
}
