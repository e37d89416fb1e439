import { normaliseIp } from '../lib/ip.ts'
import type { Level } from '../model.ts'
import type { AuditRecord, SubjectView } from './record.ts'

/**
 * A record as an event of the Open Cybersecurity Schema Framework 1.8: class API Activity (6003) with the profiles
 * security_control and trace. docs/ocsf.md is the table of this mapping. What the schema has no place for stands under
 * `unmapped`, by the names of the record.
 */
export function ocsfOf(record: AuditRecord): object {
  const { request, decision, assessment, facts } = record
  const activity = activityOf(request.method, request.isGrpc)
  const verdict = verdictOf(record)
  return {
    metadata: metadataOf(record),
    time: Date.parse(record.at),
    duration: Math.round(record.durationUs / 1000),
    category_uid: CATEGORY,
    category_name: 'Application Activity',
    class_uid: CLASS,
    class_name: 'API Activity',
    ...activity,
    type_uid: CLASS * 100 + activity.activity_id,
    severity_id: severityOf(record),
    ...verdict,
    status_code: String(record.status),
    status_detail: decision.reasons.join(' '),
    message: record.why ?? `${decision.effect}: ${facts?.action.name ?? 'no action'}`,
    policy: { ...policyOf(record), is_applied: true },
    ...riskOf(assessment),
    actor: actorOf(record),
    api: apiOf(record),
    src_endpoint: sourceOf(record),
    dst_endpoint: { name: record.entrypoint ?? 'unknown' },
    http_request: httpRequestOf(request),
    http_response: { code: record.status },
    resources: resourcesOf(facts),
    trace: record.trace === undefined ? undefined : { uid: record.trace },
    unmapped: unmappedOf(record),
  }
}

const VERSION = '1.8.0'
const CATEGORY = 6
const CLASS = 6003

const metadataOf = ({ id, request, subject, decision }: AuditRecord) => ({
  version: VERSION,
  product: { name: 'Vigil', vendor_name: 'Vigil' },
  profiles: ['security_control', 'trace'],
  uid: id,
  correlation_uid: request.requestId,
  event_code: decision.reasons[0],
  log_name: 'audit',
  log_version: '1',
  tenant_uid: credentialOf(subject)?.tenant || undefined,
})

type Credential = Extract<SubjectView, { state: 'identified' }>['credential']

const credentialOf = (subject: AuditRecord['subject']): Credential | undefined =>
  subject?.state === 'identified' ? subject.credential : undefined

const ACTIVITIES: Readonly<Record<string, number>> = { POST: 1, GET: 2, HEAD: 2, PUT: 3, PATCH: 3, DELETE: 4 }
const OTHER = 99

/** What a method means by RFC 9110; a gRPC call is always a POST, which says nothing. */
function activityOf(method: string, isGrpc: boolean): { activity_id: number; activity_name: string } {
  const id = isGrpc ? OTHER : (ACTIVITIES[method] ?? OTHER)
  return { activity_id: id, activity_name: isGrpc ? 'gRPC' : method || 'none' }
}

const ALLOWED = { status_id: 1, action_id: 1, disposition_id: 1 } as const
const LOGGED = { status_id: 1, action_id: 1, disposition_id: 17 } as const
/** Decided otherwise and let through: nothing was enforced. */
const OBSERVED = { status_id: 1, action_id: 3, disposition_id: 15 } as const
const denied = (disposition: number) => ({ status_id: 2, action_id: 2, disposition_id: disposition })

function verdictOf({ decision: { effect }, status }: AuditRecord) {
  if (effect === 'allow') return ALLOWED
  if (effect === 'monitor') return LOGGED
  if (status === 200) return OBSERVED
  switch (effect) {
    case 'step-up':
      return denied(23)
    case 'throttle':
      return denied(2)
    case 'deny':
      // Rejected: the request itself was wrong; Unauthorized: who asked may not.
      return denied(status === 401 || status === 403 ? 26 : 25)
    case 'unavailable':
      return denied(27)
  }
}

/** `severity_id` and `risk_level_id` alike. */
const LEVELS: Readonly<Record<Level, number>> = { low: 1, elevated: 2, high: 3, critical: 4 }

function severityOf({ decision: { effect }, assessment }: AuditRecord): number {
  if (effect === 'unavailable') return 4
  const risk = LEVELS[assessment?.level ?? 'low']
  return effect === 'allow' ? risk : Math.max(2, risk)
}

function riskOf(assessment: AuditRecord['assessment']): object {
  if (assessment === undefined) return {}
  const { score, level, findings } = assessment
  const details = findings.map(({ reason, nats }) => `${reason} ${nats.toFixed(2)}`).join(', ')
  return {
    risk_level_id: LEVELS[level],
    risk_level: level,
    risk_score: Math.round(score * 100),
    risk_details: details === '' ? undefined : details,
  }
}

const policyOf = ({ decision: { rule }, config }: AuditRecord) => ({
  name: rule ?? 'default',
  version: config,
})

const USER_TYPES: Readonly<Record<Credential['kind'], number>> = {
  user: 1,
  machine: 4,
  agent: 4,
  workload: 4,
}

/** OCSF asks for somebody: whom nobody knows is said by name. */
function actorOf(record: AuditRecord): object {
  const credential = credentialOf(record.subject)
  const authorizations = [{ decision: record.decision.effect, policy: policyOf(record) }]
  if (credential === undefined) {
    const name = record.subject?.state === 'anonymous' ? 'anonymous' : 'unknown'
    return { user: { name, type_id: 0 }, authorizations }
  }
  const { issuer, subject, kind, tenant, client, session } = credential
  return {
    user: {
      uid: subject,
      type_id: USER_TYPES[kind],
      type: kind,
      domain: issuer,
      org: tenant === '' ? undefined : { uid: tenant },
    },
    session: { uid: session.id, issuer },
    idp: { name: issuer },
    app_uid: client,
    authorizations,
  }
}

function apiOf({ id, request, decision, facts, status }: AuditRecord): object {
  return {
    operation: facts?.action.name ?? 'unknown',
    request: { uid: request.requestId ?? id },
    response: { code: status, error: 'failure' in decision ? decision.failure : undefined },
    service: { name: request.host === '' ? 'unknown' : request.host },
  }
}

/** A prefix or pseudonym is no address to OCSF, so it stands as the name. */
function sourceOf({ facts, request }: AuditRecord): object {
  const shown = facts?.address.ip ?? request.source
  const ip = shown === undefined ? undefined : normaliseIp(shown)
  return { ip, name: ip === undefined ? (shown ?? 'unknown') : undefined, uid: facts?.device.id }
}

/** What OCSF knows; another one stands as the name of the activity. */
const METHODS = new Set(['OPTIONS', 'GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'TRACE', 'CONNECT', 'PATCH'])

function httpRequestOf({
  method,
  scheme,
  host,
  path,
  protocol,
  requestId,
  headers,
}: AuditRecord['request']): object {
  return {
    http_method: METHODS.has(method) ? method : undefined,
    url: { scheme, hostname: host, path },
    version: protocol,
    uid: requestId,
    user_agent: headers['user-agent'],
    http_headers: Object.entries(headers).map(([name, value]) => ({ name, value })),
  }
}

function resourcesOf(facts: AuditRecord['facts']): object[] {
  if (facts === undefined) return []
  const { name, sensitivity, params } = facts.action
  return [{ name, type: 'action', criticality: sensitivity, data: params }]
}

function unmappedOf(record: AuditRecord): object {
  const { subject, decision, past, assessment } = record
  const credential = credentialOf(subject)
  const identified = subject?.state === 'identified' ? subject : undefined
  return {
    effect: decision.effect,
    reasons: decision.reasons,
    shadow: decision.shadow,
    degraded: decision.degraded,
    caller: record.caller,
    durationUs: record.durationUs,
    subjectState: subject?.state,
    scheme: identified?.scheme,
    binding: identified?.binding,
    actor: credential?.actor,
    scopes: credential?.scopes,
    acr: credential?.acr,
    amr: credential?.amr,
    authTime: credential?.authTime,
    claims: credential?.claims,
    isAddressUntrusted: record.facts?.address.isUntrusted,
    isDeviceAttested: record.facts?.device.isAttested,
    proof: past?.proof,
    findings: assessment?.findings,
    pseudonyms: record.pseudonyms,
    addresses: record.addresses,
  }
}
