import type { FailureCode } from '../errors.ts'
import { formOf } from '../lib/form.ts'
import { originOf } from '../lib/origin.ts'
import { SECRET_HEADERS } from '../lib/secret-headers.ts'
import { readTraceParent } from '../lib/trace-parent.ts'
import type { AnswerForm, Assessment, Check, Decision, Facts, Outcome, Past, Subject } from '../model.ts'
import type { Altered } from './altered.ts'
import { whyOf } from './why.ts'

/**
 * The record of one check: everything that policy and enforcement saw, so that a decision can be made again from it.
 * Never a token, proof, nonce, certificate, query or hash of a token.
 */
export interface AuditRecord extends Altered {
  readonly v: 1
  readonly id: string
  readonly at: string
  readonly durationUs: number
  readonly config: string
  readonly trace?: string | undefined
  readonly caller: Check['caller']
  readonly request: RequestView
  readonly entrypoint?: string | undefined
  readonly subject?: SubjectView | undefined
  readonly facts?: Omit<Facts, 'entrypoint'> | undefined
  readonly past?: Past | undefined
  readonly assessment?: Assessment | undefined
  readonly decision: Decision
  /** Observe mode held for this check: whatever was decided, the request passed. */
  readonly mode?: 'observe' | undefined
  /** One sentence for a person, where the decision keeps the request from passing. */
  readonly why?: string | undefined
  readonly status: number
  /** The status that a refusal would have had, which observe mode let pass. */
  readonly wouldStatus?: number | undefined
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
  readonly requestId?: string | undefined
  readonly hasOrigin: boolean
  /** Of a refusal: the origin that asked, where it is one. */
  readonly origin?: string | undefined
  /** In which form the refusal was told, where that was neither problem+json nor gRPC. */
  readonly form?: AnswerForm | undefined
  readonly source?: string | undefined
  readonly headers: Readonly<Record<string, string>>
  /** Why the request itself had to be refused, whatever it carried. */
  readonly malformed?: FailureCode | undefined
}

type Identified = Extract<Subject, { state: 'identified' }>
type Hidden = 'tokenId' | 'tokenHash' | 'confirmation'

/** A nonce went with the answer; which one is not told. */
interface NonceView {
  readonly hasNextNonce?: true | undefined
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
  const trace = readTraceParent(check.headers.get('traceparent')?.[0])?.traceId
  // Always the same members (JSON leaves the undefined ones out): one shape is built and written faster than many.
  return {
    v: 1,
    id: check.id,
    at: isoTime(check.atMs),
    durationUs: context.durationUs,
    config: context.config,
    trace,
    caller: check.caller,
    request: requestView(check, context.headers, 'status' in answer || answer.effect === 'observe'),
    entrypoint: (stages ?? outcome).entrypoint?.name,
    subject: stages && subjectView(stages.subject),
    facts: stages && factsView(stages.facts),
    past: stages?.past,
    assessment: stages?.assessment,
    decision,
    mode: outcome.mode,
    why: whyOf(outcome),
    status: 'status' in answer ? answer.status : 200,
    wouldStatus: answer.effect === 'observe' ? answer.would.status : undefined,
  }
}

/** The entrypoint stands beside. */
const factsView = (facts: Facts): Omit<Facts, 'entrypoint'> => ({
  action: facts.action,
  address: facts.address,
  network: facts.network,
  device: facts.device,
  client: facts.client,
  fingerprint: facts.fingerprint,
  time: facts.time,
  refusal: facts.refusal,
})

/**
 * The view of the request that conditions have, too: no query, and only the headers that configuration names.
 * @param isRefused then what the form of the answer depends on is told as well, also where the refusal was only observed
 */
export function requestView(check: Check, names: readonly string[], isRefused = false): RequestView {
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
    requestId: requestId === undefined ? undefined : shortened(requestId),
    hasOrigin: check.headers.has('origin'),
    origin: isRefused ? originOf(check) : undefined,
    form: isRefused ? unusualForm(check) : undefined,
    source: check.source.ip,
    headers,
    malformed: check.malformed,
  }
}

function unusualForm(check: Check): AnswerForm | undefined {
  const form = formOf(check)
  return form === 'problem' || form === 'grpc' ? undefined : form
}

const shortened = (text: string) => (text.length > 128 ? `${text.slice(0, 128)}…` : text)

function subjectView(subject: Subject): SubjectView {
  if (subject.state === 'anonymous') return subject
  const hasNextNonce = subject.nextNonce === undefined ? undefined : true
  if (subject.state === 'refused') {
    const { nextNonce: _nonce, ...refused } = subject
    return { ...refused, hasNextNonce }
  }
  const { state, credential, scheme, carrier, workload, binding, uses, isCounted } = subject
  return {
    state,
    credential: credentialView(credential),
    scheme,
    carrier,
    workload,
    binding,
    uses: uses.length === 0 ? NO_USES : uses.map(({ name: _name, ...use }) => use),
    isCounted,
    hasNextNonce,
  }
}

const NO_USES: readonly [] = []

type CredentialView = Omit<Identified['credential'], Hidden>

/** Written out, so that a member which is added must be told or hidden, and because a rest of members is slow to make. */
function credentialView(credential: Identified['credential']): CredentialView {
  const view: { [K in keyof Required<CredentialView>]: CredentialView[K] } = {
    issuer: credential.issuer,
    subject: credential.subject,
    kind: credential.kind,
    tenant: credential.tenant,
    client: credential.client,
    registration: credential.registration,
    actor: credential.actor,
    priorActors: credential.priorActors,
    session: credential.session,
    scopes: credential.scopes,
    acr: credential.acr,
    amr: credential.amr,
    authTime: credential.authTime,
    issuedAt: credential.issuedAt,
    expiresAt: credential.expiresAt,
    device: credential.device,
    claims: credential.claims,
  }
  // What has no value is left out by JSON.
  return view as CredentialView
}

/** Many checks come within a millisecond, and a date is slow to write. */
let lastMs = Number.NaN
let lastText = ''

function isoTime(atMs: number): string {
  if (atMs !== lastMs) {
    lastText = new Date(atMs).toISOString()
    lastMs = atMs
  }
  return lastText
}
