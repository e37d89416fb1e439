import type { ReadRecord } from '../../audit/reading.ts'
import { flatten } from './flatten.ts'
import { listed, plural, whenSeen } from './words.ts'

/** What was seen of the request, and what was known of the identity. */
export function observedOf({ at, caller, entrypoint, subject, facts, past }: ReadRecord): readonly string[] {
  const asked = `Asked by an Envoy that is ${CALLERS[caller.state] ?? caller.state}${caller.sans.length === 0 ? '' : `: ${listed(caller.sans)}`}.`
  if (facts === undefined) return [asked]
  const { action, address, device } = facts
  return [
    ...(entrypoint === undefined ? [] : [`Came in through the entrypoint ${entrypoint}.`]),
    asked,
    action.isKnown
      ? `Stands for the action ${action.name}, of ${action.sensitivity} sensitivity; it takes ${action.scopes.length === 0 ? 'no scope' : `the scope ${listed(action.scopes)}`}.`
      : `Stands for no action of the catalogue; treated as one of ${action.sensitivity} sensitivity.`,
    `Address: ${address.ip ?? 'not known'}${address.isUntrusted ? ', only that of the connection: the forwarding chain was shorter than configured' : ''}.`,
    deviceOf(device, subject?.state === 'identified' ? subject.credential.device : undefined),
    ...postureOf(device.posture),
    ...othersOf(facts),
    ...timeOf(facts['time']),
    ...(past === undefined ? [] : known(past, Date.parse(at))),
  ]
}

function deviceOf(
  { id, isAttested }: { id?: string | undefined; isAttested: boolean },
  named?: string,
): string {
  const token = named === undefined ? '' : `; the token names ${named === id ? 'the same' : named}`
  if (id === undefined) return `Device: none was told${token}.`
  return `Device: ${id}, ${isAttested ? 'proved' : 'only claimed by the client'}${token}.`
}

const POSTURES: Readonly<Record<string, string>> = {
  attested: 'belongs to this caller, so it counts',
  claimed: 'is good, and nothing ties it to this caller',
  refused: 'does not hold',
  unchecked: 'could not be checked: the keys of its issuer were away',
}

function postureOf(posture: NonNullable<ReadRecord['facts']>['device']['posture']): readonly string[] {
  if (posture === undefined) return []
  const { state, issuer, failure, claims } = posture
  const by = issuer === undefined ? '' : ` of ${issuer}`
  const why = failure === undefined ? '' : ` (${failure})`
  const says = flatten(claims)
  return [
    `Posture: the token${by} ${POSTURES[state] ?? state}${why}.${says === '' ? '' : ` It says ${says}.`}`,
  ]
}

/** What has sentences of its own, or stands in `why`. */
const KNOWN: ReadonlySet<string> = new Set([
  'action',
  'address',
  'device',
  'time',
  'refusal',
  'refusalDetail',
])

const othersOf = (facts: object): readonly string[] =>
  Object.entries(facts)
    .filter(([name]) => !KNOWN.has(name))
    .map(([name, value]) => [`${name.slice(0, 1).toUpperCase()}${name.slice(1)}`, flatten(value)])
    .flatMap(([name, told]) => (told === '' ? [] : [`${name}: ${told}.`]))

const DAYS = ['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday']

/** The hour counts from the beginning of Monday. */
function timeOf(time: unknown): readonly string[] {
  const hour =
    typeof time === 'object' && time !== null && 'hourOfWeek' in time ? Number(time.hourOfWeek) : Number.NaN
  const day = DAYS[Math.floor(hour / 24)]
  return day === undefined
    ? []
    : [`Time: ${day}, from ${hour % 24}:00 to ${(hour % 24) + 1}:00 in the zone of context.time.`]
}

const CALLERS: Readonly<Record<string, string>> = {
  verified: 'verified by its certificate',
  local: 'on the same machine (Unix socket)',
  unverified: 'not verified',
}

function known(past: NonNullable<ReadRecord['past']>, atMs: number): readonly string[] {
  const { profile, requestsPerMinute, limits } = past
  const habit =
    profile === undefined
      ? 'Habits: none are known of this identity.'
      : `Habits: ${plural(profile.seen, 'request')} learned, the first ${whenSeen(profile.firstSeenMs, atMs)}.`
  const rate =
    requestsPerMinute === undefined
      ? []
      : [
          `Rate: ${plural(Math.trunc(requestsPerMinute), 'request')} within the last minute, this one included.`,
        ]
  return [
    habit,
    ...rate,
    ...limits.map(
      ({ limit, used, max, windowSeconds }) =>
        `Limit ${limit}: ${used} of ${plural(max, 'request')} in ${windowSeconds} s used.`,
    ),
    ...uses(past),
  ]
}

const USES: Readonly<Record<string, string>> = {
  first: 'used for the first time',
  retry: 'seen again in Envoy’s own retry of the same check, which is fine',
  repeated: 'used before',
  unavailable: 'not checked for earlier use: the store did not answer',
}

const uses = ({ proof, hop }: { proof: string; hop: string }): readonly string[] =>
  [
    ['Proof', proof],
    ['Hop', hop],
  ].flatMap(([what, state = '']) => (state === 'none' ? [] : [`${what}: ${USES[state] ?? state}.`]))
