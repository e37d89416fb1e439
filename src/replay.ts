import { alteredNote } from './audit/altered.ts'
import type { AuditRecord, SubjectView } from './audit/record.ts'
import { type AnswerMakers, HOP_HEADER } from './identity/index.ts'
import type { Answer, Assessment, Check, Decision, Facts, HeaderPair, Mode, Past, Subject } from './model.ts'
import { answerTo, refuseOutright } from './pipeline.ts'
import { decide } from './policy/index.ts'
import type { Snapshot } from './snapshot.ts'

/** A decision made again. `answer` holds UNRECORDED where the first one held a value that no record has. */
export interface Again {
  readonly decision: Decision
  readonly answer: Answer
}

/**
 * Makes the decision and the answer of one check again, from its record alone. What came before policy (subject,
 * facts, past, assessment) is taken from the record; policy and enforcement run as they ran then.
 * @param snapshot of the configuration that decided (`record.config`); with another, what that one would have made of it
 * @throws when policy or enforcement reads something of the check that no record holds, or when a sink altered what they
 *   read: a gap, not a verdict
 */
export function decideAgain(record: AuditRecord, snapshot: Snapshot): Again {
  const note = alteredNote(record)
  if (note !== undefined) throw new Error(`${note} It cannot be decided again.`)
  const views = viewsOf(record)
  if (views === undefined) {
    // No record holds what this rests on, but a configuration that observes nothing lets nothing pass again.
    const mode: Mode = snapshot.enforcement.modes === undefined ? 'enforce' : (record.mode ?? 'enforce')
    const treatment = { mode, entrypoint: snapshot.entrypoints.named(record.entrypoint ?? '') }
    const failure = failureOf(record.decision)
    const { decision, answer } = refuseOutright(checkOf(record), failure, snapshot, treatment, NO_MAKERS)
    return { decision, answer }
  }
  const { check, subject, facts, past, assessment } = views
  const decision = decide(check, subject, facts, past, assessment, snapshot.policy)
  const entrypoint = snapshot.entrypoints.named(facts.entrypoint)
  const stages = { entrypoint, subject, facts, past, assessment }
  const { answer } = answerTo(decision, check, stages, snapshot, NO_MAKERS)
  return { decision, answer }
}

/** What policy saw, as far as the record tells. */
export interface Views {
  readonly check: Check
  readonly subject: Subject
  readonly facts: Facts
  readonly past: Past
  readonly assessment: Assessment
}

/** @returns undefined for a check that was refused before the stages. */
export function viewsOf(record: AuditRecord): Views | undefined {
  const { entrypoint, subject, facts, past, assessment } = record
  if (!entrypoint || !subject || !facts || !past || !assessment) return undefined
  return {
    check: checkOf(record),
    subject: subjectOf(subject),
    facts: { entrypoint, ...facts },
    past,
    assessment,
  }
}

/** Stands where a value would let somebody in, so that no record holds it: nonce, hop, hashes and names of a token. */
export const UNRECORDED = '(not recorded)'

/** Headers of answers with such a value. */
const UNRECORDED_HEADERS: ReadonlySet<string> = new Set(['dpop-nonce', HOP_HEADER])

/** Of the address of a login: the query of the page to come back to, from its encoded `?` on. */
const RETURN_QUERY = /%3F[^&]*/

function maskedHeader([name, value]: HeaderPair): HeaderPair {
  if (UNRECORDED_HEADERS.has(name)) return [name, UNRECORDED]
  return name === 'location' ? [name, value.replace(RETURN_QUERY, '')] : [name, value]
}

/** An answer as far as records can tell: what `decideAgain` must give for it. No record tells whether a cookie came. */
export function asRecorded(answer: Answer): Answer {
  const masked = (pairs: readonly HeaderPair[]) => pairs.map(maskedHeader)
  if ('status' in answer) return { ...answer, headers: masked(answer.headers) }
  const { setHeaders, removeHeaders, responseHeaders } = answer
  const passing = {
    setHeaders: masked(setHeaders.filter(([name]) => name !== 'cookie')),
    removeHeaders: removeHeaders.filter((name) => name !== 'cookie'),
    responseHeaders: masked(responseHeaders),
  }
  if (answer.effect !== 'observe') return { ...answer, ...passing }
  return { ...answer, ...passing, would: { ...answer.would, headers: masked(answer.would.headers) } }
}

/** That a nonce or hop goes with the answer is decided again; its value is not made again. */
const NO_MAKERS: AnswerMakers = {
  proofs: { nonce: () => UNRECORDED },
  hops: { sign: () => UNRECORDED },
}

/** A record without stages tells a refusal; whatever else it tells is no reason to let anything pass. */
function failureOf(decision: Decision): Parameters<typeof refuseOutright>[1] {
  return 'failure' in decision ? decision.failure : 'check.fault.unexpected'
}

/** Members of a check that no record holds, because neither policy nor enforcement reads them. */
const GAPS = ['attempt', 'destination', 'extensions', 'hasQueryToken', 'metadata', 'sni', 'source'] as const

/** Whoever begins to read one learns of it here and in the tests, instead of deciding on something made up. */
const GAP_READERS: PropertyDescriptorMap = Object.fromEntries(
  GAPS.map((name) => [
    name,
    {
      get: () => {
        throw new Error(`no record holds check.${name}`)
      },
    },
  ]),
)

function checkOf({ id, at, caller, request }: AuditRecord): Check {
  const { method, scheme, host, path, protocol, isGrpc, form, malformed } = request
  const recorded: Omit<Check, (typeof GAPS)[number]> = {
    id,
    atMs: Date.parse(at),
    caller,
    method,
    scheme,
    authority: host,
    path,
    protocol,
    isGrpc,
    form: form ?? (isGrpc ? 'grpc' : 'problem'),
    headers: headersOf(request),
    ...(malformed === undefined ? {} : { malformed }),
  }
  return Object.defineProperties(recorded, GAP_READERS) as Check
}

/** The headers that configuration lists, and the two that answers depend on. */
function headersOf({ headers, hasOrigin, origin, requestId }: AuditRecord['request']): Check['headers'] {
  const lines = new Map<string, readonly string[]>()
  for (const [name, value] of Object.entries(headers)) lines.set(name, [value])
  if (hasOrigin && !lines.has('origin')) lines.set('origin', [origin ?? UNRECORDED])
  if (requestId !== undefined) lines.set('x-request-id', requestIds(requestId, headers['x-request-id']))
  return lines
}

/** Answers echo the first line; conditions, where configuration lists the header, read all of them joined. */
function requestIds(first: string, joined: string | undefined): readonly string[] {
  if (joined === undefined || joined === first) return [first]
  return joined.startsWith(`${first},`) ? [first, joined.slice(first.length + 1)] : [joined]
}

function subjectOf(view: SubjectView): Subject {
  if (view.state === 'anonymous') return view
  const { hasNextNonce, ...seen } = view
  const nonce = hasNextNonce === true ? { nextNonce: UNRECORDED } : {}
  if (seen.state === 'refused') return { ...seen, ...nonce }
  // A proof is accepted only for a token that is bound to a key, so there was one.
  const isKeyProved = seen.uses.some(({ kind }) => kind === 'proof')
  return {
    ...seen,
    ...nonce,
    credential: {
      ...seen.credential,
      tokenId: UNRECORDED,
      tokenHash: UNRECORDED,
      confirmation: isKeyProved ? { jkt: UNRECORDED } : {},
    },
    uses: seen.uses.map((use) => ({ ...use, name: UNRECORDED })),
  }
}
