import { FAILURES, type FailureCode } from '../errors.ts'
import type { Assessment, Check, Decision, Facts, Outcome, Past, Subject } from '../model.ts'

/**
 * The record of one check: everything that policy and enforcement saw, so that a decision can be made again from it.
 * Never a token, proof, nonce, certificate, query or hash of a token.
 */
export interface AuditRecord {
  readonly v: 1
  readonly id: string
  readonly at: string
  readonly durationUs: number
  readonly config: string
  readonly trace?: string
  readonly caller: Check['caller']
  readonly request: RequestView
  readonly entrypoint?: string
  readonly subject?: SubjectView
  readonly facts?: Omit<Facts, 'entrypoint'>
  readonly past?: Past
  readonly assessment?: Assessment
  readonly decision: Decision
  /** One sentence for a person, where the request did not pass. */
  readonly why?: string
  readonly status: number
}

export interface RequestView {
  readonly method: string
  readonly scheme: string
  readonly host: string
  /** Without query. */
  readonly path: string
  readonly protocol: string
  readonly isGrpc: boolean
  /** Ends in `…` where it was longer: such an id is not echoed to the caller. */
  readonly requestId?: string
  readonly hasOrigin: boolean
  readonly source?: string
  readonly headers: Readonly<Record<string, string>>
  /** Why the request itself had to be refused, whatever it carried. */
  readonly malformed?: FailureCode
}

type Identified = Extract<Subject, { state: 'identified' }>
type Hidden = 'tokenId' | 'tokenHash' | 'confirmation'

/** A nonce went with the answer; which one is not told. */
interface NonceView {
  readonly hasNextNonce?: true
}

export type SubjectView =
  | (Omit<Identified, 'credential' | 'uses' | 'nextNonce'> &
      NonceView & {
        readonly credential: CredentialView
        readonly uses: readonly Omit<Identified['uses'][number], 'name'>[]
      })
  | (Omit<Extract<Subject, { state: 'refused' }>, 'nextNonce'> & NonceView)
  | Extract<Subject, { state: 'anonymous' }>

export interface RecordContext {
  readonly durationUs: number
  /** Hash of the configuration that decided. */
  readonly config: string
  /** Request headers that the configuration lists. */
  readonly headers: readonly string[]
}

export function toRecord(outcome: Outcome, context: RecordContext): AuditRecord {
  const { check, stages, decision, answer } = outcome
  const trace = traceOf(check)
  const why = sentenceOf(decision)
  return {
    v: 1,
    id: check.id,
    at: new Date(check.atMs).toISOString(),
    durationUs: context.durationUs,
    config: context.config,
    ...(trace === undefined ? {} : { trace }),
    caller: check.caller,
    request: requestView(check, context.headers),
    ...(stages === undefined ? {} : stagesView(stages)),
    decision,
    ...(why === undefined ? {} : { why }),
    status: 'status' in answer ? answer.status : 200,
  }
}

function stagesView(stages: NonNullable<Outcome['stages']>) {
  const { entrypoint: _name, ...facts } = stages.facts
  return {
    entrypoint: stages.entrypoint.name,
    subject: subjectView(stages.subject),
    facts,
    past: stages.past,
    assessment: stages.assessment,
  }
}

/** Never told, whatever configuration lists: what stands in them lets somebody in. */
const SECRET_HEADERS: ReadonlySet<string> = new Set([
  'authorization',
  'proxy-authorization',
  'cookie',
  'dpop',
  'x-vigil-hop',
  'x-forwarded-client-cert',
  'client-cert',
  'client-cert-chain',
])

/** The view of the request that conditions have, too: no query, and only the headers that configuration names. */
export function requestView(check: Check, names: readonly string[]): RequestView {
  const headers: Record<string, string> = {}
  for (const name of names) {
    const values = check.headers.get(name)
    if (values !== undefined && !SECRET_HEADERS.has(name)) headers[name] = values.join(',')
  }
  const requestId = check.headers.get('x-request-id')?.[0]
  return {
    method: check.method,
    scheme: check.scheme,
    host: check.authority,
    path: check.path,
    protocol: check.protocol,
    isGrpc: check.isGrpc,
    ...(requestId === undefined ? {} : { requestId: shortened(requestId) }),
    hasOrigin: check.headers.has('origin'),
    ...(check.source.ip === undefined ? {} : { source: check.source.ip }),
    headers,
    ...(check.malformed === undefined ? {} : { malformed: check.malformed }),
  }
}

const shortened = (text: string) => (text.length > 128 ? `${text.slice(0, 128)}…` : text)

function subjectView(subject: Subject): SubjectView {
  if (subject.state === 'anonymous') return subject
  const { nextNonce, ...rest } = subject
  const nonce: NonceView = nextNonce === undefined ? {} : { hasNextNonce: true }
  if (rest.state === 'refused') return { ...rest, ...nonce }
  const uses = rest.uses.map(({ name: _name, ...use }) => use)
  return { ...rest, credential: credentialView(rest.credential), uses, ...nonce }
}

type CredentialView = Omit<Identified['credential'], Hidden>
const views = new WeakMap<Identified['credential'], CredentialView>()

/** Made once per token, which comes with many checks. */
function credentialView(credential: Identified['credential']): CredentialView {
  const known = views.get(credential)
  if (known !== undefined) return known
  const { tokenId: _id, tokenHash: _hash, confirmation: _cnf, ...told } = credential
  // Claims have no prototype; one such object makes JSON.stringify take its slow way for the whole record.
  const view = { ...told, claims: { ...told.claims } }
  views.set(credential, view)
  return view
}

/** Why it did not pass, in one sentence. */
function sentenceOf(decision: Decision): string | undefined {
  switch (decision.effect) {
    case 'deny':
    case 'unavailable':
      return FAILURES[decision.failure].sentence
    case 'step-up':
      return 'The action needs a stronger or more recent login.'
    case 'throttle':
      return decision.limit === undefined
        ? 'The request does not fit this identity’s own habit.'
        : `The limit ${decision.limit.limit} is used up.`
    default:
      return undefined
  }
}

/** Trace id of W3C trace context, where the request carries a well-formed one. */
function traceOf(check: Check): string | undefined {
  const parent = check.headers.get('traceparent')?.[0]
  return parent?.match(/^[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(?:-|$)/)?.[1]
}
