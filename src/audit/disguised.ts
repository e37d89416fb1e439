import { FAILURES } from '../errors.ts'
import type { Disguise } from './pseudonyms.ts'
import type { AuditRecord, RequestView, SubjectView } from './record.ts'

type Identified = Extract<SubjectView, { state: 'identified' }>
type CredentialView = Identified['credential']

/** The record as a sink may show it: what identifies somebody is replaced wherever it stands. */
export function disguised(record: AuditRecord, disguise: Disguise): AuditRecord {
  const { subject, facts, request } = record
  const credential = subject?.state === 'identified' ? subject.credential : undefined
  const swap = swapper(record, credential, disguise)
  const hidesWords = disguise.altered.pseudonyms !== undefined
  return {
    ...record,
    ...disguise.altered,
    request: requestOf(request, disguise, swap),
    subject: subject && subjectOf(subject, disguise, swap),
    facts: facts && factsOf(facts, disguise, swap),
    assessment: record.assessment && {
      ...record.assessment,
      findings: record.assessment.findings.map((finding) => ({
        ...finding,
        detail: mapped(finding.detail, (value) => (typeof value === 'string' ? swap(value) : value)),
      })),
    },
    why: hidesWords ? withoutDetail(record) : record.why,
  }
}

type Swap = (text: string) => string

/** What the record says of who it was, by its value: it is replaced where it stands again, in a path or a header. */
function swapper(record: AuditRecord, credential: CredentialView | undefined, disguise: Disguise): Swap {
  const { hides, name } = disguise
  const names = new Map<string, string>()
  const add = (isHidden: boolean, value: string | undefined, ...material: readonly string[]) => {
    if (isHidden && value !== undefined && value !== '' && !names.has(value))
      names.set(value, name(...material, value))
  }
  if (credential !== undefined) {
    const { issuer, subject, actor, priorActors = [], session, client, tenant, device } = credential
    add(hides('subject'), subject, 'subject', issuer)
    add(hides('actor'), actor?.subject, 'subject', actor?.issuer ?? issuer)
    for (const prior of priorActors) add(hides('actor'), prior.subject, 'subject', prior.issuer ?? issuer)
    add(hides('client'), client, 'client', issuer)
    // A derived one is a hash of issuer, subject, client and key: whoever knows those could try subjects until it fits.
    add(hides('session') || (session.isDerived && hides('subject')), session.id, 'session', issuer)
    add(hides('tenant'), tenant, 'tenant')
    add(hides('device'), device, 'device')
  }
  add(hides('device'), record.facts?.device.id, 'device')
  if (record.subject?.state === 'identified') {
    const { workload } = record.subject
    add(hides('subject'), workload?.id, 'subject', workload?.trustDomain ?? '')
  }
  const ip = record.facts?.address.ip
  if (ip !== undefined && disguise.address(ip) !== ip) names.set(ip, disguise.address(ip))
  return (text) => names.get(text) ?? text
}

function subjectOf(view: SubjectView, disguise: Disguise, swap: Swap): SubjectView {
  if (view.state === 'anonymous') return view
  if (view.state === 'identified')
    return {
      ...view,
      workload: view.workload && { ...view.workload, id: swap(view.workload.id) },
      credential: credentialOf(view.credential, disguise, swap),
    }
  // What a refused sender claims of himself may be anything, a name or an address included.
  const { detail: _detail, ...rest } = view
  return disguise.altered.pseudonyms === undefined ? view : rest
}

/** Written out like those of `record.ts`: a member that is added must be shown or hidden by somebody who thought of it. */
type Whole<T> = { [K in keyof Required<T>]: T[K] }

function credentialOf(credential: CredentialView, disguise: Disguise, swap: Swap): CredentialView {
  const { actor, priorActors, client, session, device } = credential
  const view: Whole<CredentialView> = {
    issuer: credential.issuer,
    subject: swap(credential.subject),
    kind: credential.kind,
    tenant: swap(credential.tenant),
    client: client === undefined ? undefined : swap(client),
    actor: actor === undefined ? undefined : { ...actor, subject: swap(actor.subject) },
    priorActors: priorActors?.map((prior) => ({ ...prior, subject: swap(prior.subject) })),
    registration: registrationOf(credential.registration, disguise),
    session: { ...session, id: swap(session.id) },
    scopes: credential.scopes,
    acr: credential.acr,
    amr: credential.amr,
    authTime: credential.authTime,
    issuedAt: credential.issuedAt,
    expiresAt: credential.expiresAt,
    device: device === undefined ? undefined : swap(device),
    claims: claimsOf(credential.claims, disguise, swap),
  }
  // What has no value is left out by JSON.
  return view as CredentialView
}

/** Who answers for a client tells which one it is. */
function registrationOf(registration: CredentialView['registration'], { hides, name }: Disguise) {
  const owner = registration?.owner
  if (registration === undefined || owner === undefined || !hides('client')) return registration
  return { ...registration, owner: name('owner', owner) }
}

const claimsOf = (claims: Readonly<Record<string, unknown>>, disguise: Disguise, swap: Swap) =>
  mapped(claims, (value, claim) =>
    disguise.hides('claims') ? claimOf(claim, value, disguise) : deep(value, swap),
  )

type FactsView = NonNullable<AuditRecord['facts']>

function factsOf(facts: FactsView, disguise: Disguise, swap: Swap): FactsView {
  const { action, address, device } = facts
  const hidesPath = disguise.hides('path')
  const view: Whole<FactsView> = {
    action: {
      ...action,
      params: mapped(action.params, (value, param) =>
        hidesPath ? disguise.name('param', param, value) : paramOf(value, swap),
      ),
    },
    address: address.ip === undefined ? address : { ...address, ip: disguise.address(address.ip) },
    // A city with its coordinates says as much as the address that it was found by.
    network: disguise.altered.addresses === undefined ? facts.network : { ...facts.network, city: undefined },
    device: deviceOf(device, disguise, swap),
    client: facts.client,
    fingerprint: fingerprintOf(facts.fingerprint, disguise),
    time: facts.time,
    refusal: facts.refusal,
    // As with a refused credential: it may be anything.
    refusalDetail: disguise.altered.pseudonyms === undefined ? facts.refusalDetail : undefined,
  }
  return view
}

/** It tells one device from others nearly as well as an id does. */
function fingerprintOf({ tls, value }: FactsView['fingerprint'], { hides, name }: Disguise) {
  if (!hides('device')) return { tls, value }
  const named = (text: string | undefined) => (text === undefined ? undefined : name('fingerprint', text))
  return { tls: named(tls), value: named(value) }
}

function deviceOf(device: FactsView['device'], disguise: Disguise, swap: Swap): FactsView['device'] {
  const { id, posture } = device
  const view: Whole<FactsView['device']> = {
    id: id === undefined ? undefined : swap(id),
    isAttested: device.isAttested,
    posture: posture && {
      ...posture,
      // As with a refused credential: it may be anything.
      detail: disguise.altered.pseudonyms === undefined ? posture.detail : undefined,
      claims: claimsOf(posture.claims, disguise, swap),
    },
  }
  return view
}

function requestOf(request: RequestView, disguise: Disguise, swap: Swap): RequestView {
  const view: Whole<RequestView> = {
    method: request.method,
    scheme: request.scheme,
    host: request.host,
    path: pathOf(request.path, disguise, swap),
    protocol: request.protocol,
    isGrpc: request.isGrpc,
    requestId: request.requestId,
    hasOrigin: request.hasOrigin,
    origin: request.origin === undefined ? undefined : originOf(request.origin, disguise),
    form: request.form,
    source: request.source === undefined ? undefined : disguise.address(request.source),
    headers: headersOf(request.headers, disguise, swap),
    malformed: request.malformed,
  }
  return view
}

/** An origin may name its host by an address. */
function originOf(origin: string, { addressesIn }: Disguise): string {
  const [scheme, host] = origin.split('://', 2)
  return host === undefined ? origin : `${scheme}://${addressesIn(host)}`
}

function pathOf(path: string, disguise: Disguise, swap: Swap): string {
  if (disguise.hides('path')) return disguise.name('path', path)
  return path
    .split('/')
    .map((segment) => {
      const text = decoded(segment)
      const swapped = swap(text)
      return swapped === text ? segment : swapped
    })
    .join('/')
}

/** `{name...}` takes several segments, decoded ones; what stands alone in one of them would be read beside its pseudonym. */
function paramOf(value: string, swap: Swap): string {
  const swapped = swap(value)
  return swapped === value ? value.split('/').map(swap).join('/') : swapped
}

function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment)
  } catch {
    // Not an encoding, so nobody reads another text in it.
    return segment
  }
}

function headersOf(headers: Readonly<Record<string, string>>, disguise: Disguise, swap: Swap) {
  const hidesAll = disguise.hides('headers')
  return mapped(headers, (value, header) => {
    if (hidesAll) return disguise.name('header', header, value)
    const swapped = swap(value)
    if (swapped !== value) return swapped
    const parts = value.split(',').map((part) => part.replace(part.trim(), (text) => swap(text)))
    return disguise.addressesIn(parts.join(','))
  })
}

function mapped<T, U>(
  members: Readonly<Record<string, T>>,
  change: (value: T, name: string) => U,
): Record<string, U> {
  return Object.fromEntries(Object.entries(members).map(([name, value]) => [name, change(value, name)]))
}

/** Of a list each value by itself, so that one can still see who shares a role; of an object not even its names. */
function claimOf(claim: string, value: unknown, { name }: Disguise): unknown {
  if (typeof value === 'boolean' || value === null) return value
  if (Array.isArray(value)) return value.map((item) => name('claim', claim, JSON.stringify(item)))
  return name('claim', claim, JSON.stringify(value))
}

/** Every text in a claim, however deep. */
function deep(value: unknown, change: Swap): unknown {
  if (typeof value === 'string') return change(value)
  if (Array.isArray(value)) return value.map((item) => deep(item, change))
  if (typeof value === 'object' && value !== null)
    return mapped(value as Record<string, unknown>, (item) => deep(item, change))
  return value
}

/** `why` may end with what was found, which may be anything; a detail of the decision is a rule's and no caller's. */
function withoutDetail({ why, decision }: AuditRecord): string | undefined {
  if (decision.effect !== 'deny' && decision.effect !== 'unavailable') return why
  return why === undefined || decision.detail !== undefined ? why : FAILURES[decision.failure].sentence
}
