import type { ReadRecord } from '../../audit/reading.ts'
import type { SkimmedRecord } from '../../audit/skim.ts'
import { listed, whenSeen } from './words.ts'

type Identified = Extract<NonNullable<ReadRecord['subject']>, { state: 'identified' }>

/** Who asked, in one short line: for headings, lists and tables. */
export function nameOf({ subject, facts }: SkimmedRecord): string {
  if (subject?.state === 'identified') {
    const { credential } = subject
    const { subject: name, actor, kind, tenant } = credential
    // Two agents of one user are two callers.
    const who = actor === undefined ? name : `${actor.subject} for ${name}`
    return `${who} (${kind}${tenant === '' ? '' : ` of ${tenant}`})`
  }
  const from = facts?.address.ip === undefined ? '' : ` from ${facts.address.ip}`
  if (subject?.state === 'refused') return `somebody with a refused credential${from}`
  return `somebody unknown${from}`
}

/** Who asked, and how it was proved that the token is in the right hands. */
export function whoOf(record: ReadRecord): readonly string[] {
  const { subject } = record
  if (subject === undefined) return ['Nobody looked: the check was refused before the credential was read.']
  switch (subject.state) {
    case 'anonymous':
      return ['Nobody that is known: the request showed no credential.']
    case 'refused':
      return [
        `Not known: ${subject.scheme === undefined ? 'a credential' : `a ${subject.scheme} credential`} was shown and refused, so nothing in it counts.`,
      ]
    case 'identified':
      return identified(subject, Date.parse(record.at))
  }
}

function identified(
  { credential, scheme, carrier, workload, binding }: Identified,
  atMs: number,
): readonly string[] {
  const { issuer, subject, kind, tenant, client, actor, session, scopes, acr, amr, authTime, registration } =
    credential
  const ofTenant = tenant === '' ? '' : ` of the tenant ${tenant}`
  // With an actor, the kind says what the actor is; nobody knows what its subject is.
  const is = actor === undefined ? `, ${/^[aeio]/.test(kind) ? 'an' : 'a'} ${kind}${ofTenant}` : ofTenant
  const through = client === undefined ? '' : `, through the client ${client}`
  const acting = actor === undefined ? '' : `, for whom the ${kind} ${actor.subject} acts`
  const login =
    authTime === undefined ? 'no login time in the token' : `at ${whenSeen(authTime * 1000, atMs)}`
  return [
    `${subject}${is}, known to ${issuer}${through}${acting}.`,
    bound(binding),
    ...(registration?.owner === undefined ? [] : [`The client is listed as that of ${registration.owner}.`]),
    ...(workload === undefined || carrier === 'peer' ? [] : [`It came over a connection of ${workload.id}.`]),
    shownBy(credential, scheme, carrier, atMs),
    `Login: ${login}; class ${acr ?? 'not told'}, methods ${amr.length === 0 ? 'not told' : listed(amr)}.`,
    `Scopes: ${listed(scopes)}.`,
    `Session: ${session.isDerived ? 'not named by the token, so derived from it' : session.id}.`,
  ]
}

/** What was shown, and how long it is good. */
function shownBy(
  { issuedAt, expiresAt }: Identified['credential'],
  scheme: string | undefined,
  carrier: string | undefined,
  atMs: number,
): string {
  if (carrier === 'peer') return 'No token: the certificate of the connection says who it is.'
  const issued = issuedAt === undefined ? 'no time of issue' : `issued ${whenSeen(issuedAt * 1000, atMs)}`
  const expires = expiresAt === undefined ? 'no end' : `expires ${whenSeen(expiresAt * 1000, atMs)}`
  return `${carrier === 'cookie' ? 'Token in a cookie' : `${scheme ?? 'A'} token`}: ${issued}, ${expires}.`
}

const METHODS: Readonly<Record<string, string>> = {
  dpop: 'a proof made with the key of the token (DPoP)',
  mtls: 'the certificate of the token (mTLS)',
  device: 'the device of the token',
}

function bound({ state, methods, isRequired, isCarried }: Identified['binding']): string {
  if (state === 'verified') {
    const by = listed(methods.map((method) => METHODS[method] ?? method))
    return `Bound to its holder: proved by ${by}${isCarried ? ', at the edge; a hop brought that here' : ''}.`
  }
  const asked = isRequired ? 'although its issuer must bind it' : 'and its issuer does not ask for that'
  return `Not bound to its holder, ${asked}: whoever has the token can use it.`
}
