import type { EntrypointSettings } from '../config/schema/entrypoints.ts'
import type { Compiled, SettingsProblem } from '../errors.ts'
import { normaliseCidr } from '../lib/ip.ts'
import { isUnread } from '../lib/unread.ts'
import type { Check, Entrypoint } from '../model.ts'

export interface EntrypointMatcher {
  /** The first entrypoint whose conditions all hold, else `unmatched`, which is trusted with nothing. */
  match(check: Check): Entrypoint
  /** The entrypoint of this name, else `unmatched`: for decisions that are made again from a record. */
  named(name: string): Entrypoint
}

interface Candidate {
  readonly entrypoint: Entrypoint
  readonly match: EntrypointSettings['match']
}

/**
 * What a check gets when no entrypoint matches: no origin, so no DPoP proof fits; no header, principal or
 * certificate is believed; the client is the TCP peer; and it makes no hop that an inside entrypoint would honour.
 */
export const UNMATCHED: Entrypoint = Object.freeze({
  name: 'unmatched',
  role: 'edge',
  trustedProxies: 0,
  envoyAppends: false,
  externalOrigins: [],
  peerVerified: false,
  trustsXfcc: false,
  clientCertFrom: [],
  edges: [],
  issuesHop: false,
  forwardsCredential: true,
})

/** @returns the matcher, or every problem with its path below `entrypoints`. */
export function compileEntrypoints(settings: readonly EntrypointSettings[]): Compiled<EntrypointMatcher> {
  const problems: SettingsProblem[] = []
  const isHopWanted = settings.some((s) => s.role === 'inside')
  const candidates = settings.map((s, index) => {
    problems.push(...orderProblems(settings, index))
    return { match: s.match, entrypoint: compileOne(s, index, isHopWanted, problems) }
  })
  if (problems.length > 0) return { ok: false, problems }
  const byName = new Map(candidates.map(({ entrypoint }) => [entrypoint.name, entrypoint]))
  // It may be any of them, also the one whose application shall see no token.
  const unmatched = { ...UNMATCHED, forwardsCredential: settings.every((s) => s.forwardsCredential) }
  return {
    ok: true,
    value: {
      match: (check) => firstMatch(candidates, check) ?? unmatched,
      named: (name) => byName.get(name) ?? unmatched,
    },
  }
}

function firstMatch(candidates: readonly Candidate[], check: Check): Entrypoint | undefined {
  // Conditions that hold for nothing say nothing about where it came in.
  if (isUnread(check)) return undefined
  for (const candidate of candidates) {
    if (isMatch(candidate.match, check)) return candidate.entrypoint
  }
  return undefined
}

function isMatch(match: EntrypointSettings['match'], check: Check): boolean {
  if (match.callerSan !== undefined && !isCalledBy(check, match.callerSan)) return false
  if (match.destinationPrincipal !== undefined && check.destination.principal !== match.destinationPrincipal)
    return false
  if (match.port !== undefined && check.destination.port !== match.port) return false
  for (const key in match.extension) {
    if (check.extensions.get(key) !== match.extension[key]) return false
  }
  return true
}

/** Names in a certificate that nobody has verified are no evidence. */
const isCalledBy = (check: Check, san: string): boolean =>
  check.caller.state === 'verified' && check.caller.sans.includes(san)

function compileOne(
  s: EntrypointSettings,
  index: number,
  isHopWanted: boolean,
  problems: SettingsProblem[],
): Entrypoint {
  const collect = (key: string, values: readonly string[], normalise: (v: string) => string | undefined) =>
    values.flatMap((value, i) => {
      const normal = normalise(value)
      if (normal !== undefined) return [normal]
      problems.push({ path: ['entrypoints', index, key, i], message: `cannot read "${value}"` })
      return []
    })
  return {
    name: s.name,
    role: s.role,
    trustedProxies: s.trustedProxies,
    envoyAppends: s.envoyAppends,
    externalOrigins: collect('externalOrigins', s.externalOrigins, normaliseOrigin),
    peerVerified: s.peerVerified,
    trustsXfcc: s.xfcc,
    clientCertFrom: collect('clientCertFrom', s.clientCertFrom, normaliseCidr),
    edges: s.edges,
    issuesHop: s.role === 'edge' && isHopWanted,
    forwardsCredential: s.forwardsCredential,
    ...(s.tenant === undefined ? {} : { tenant: s.tenant }),
    ...(s.fingerprintHeader === undefined ? {} : { fingerprintHeader: s.fingerprintHeader }),
  }
}

/** `https://API.example.com:443` -> `https://api.example.com`. This is configuration: URL may read it. */
function normaliseOrigin(value: string): string | undefined {
  const url = URL.parse(value)
  return url === null || url.origin === 'null' ? undefined : url.origin
}

function orderProblems(settings: readonly EntrypointSettings[], index: number): SettingsProblem[] {
  const own = settings[index]
  if (own === undefined) return []
  const path = ['entrypoints', index]
  const before = settings.slice(0, index)
  const problems: SettingsProblem[] = []
  if (own.name === UNMATCHED.name)
    problems.push({
      path: [...path, 'name'],
      message: '"unmatched" is the name of checks that match no entrypoint',
    })
  if (before.some((s) => s.name === own.name))
    problems.push({ path: [...path, 'name'], message: `another entrypoint is named "${own.name}"` })
  const greedy = before.find((s) => isEmpty(s.match))
  if (greedy !== undefined)
    problems.push({ path, message: `never reached: "${greedy.name}" stands before it and takes every check` })
  return problems
}

const isEmpty = (match: EntrypointSettings['match']): boolean =>
  match.callerSan === undefined &&
  match.destinationPrincipal === undefined &&
  match.port === undefined &&
  Object.keys(match.extension ?? {}).length === 0
