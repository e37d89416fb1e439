import type { Credential } from '../model.ts'
import { flag, group, type Input, list, member, optional, text, time } from './variable.ts'

const credential = (input: Input): Credential | undefined =>
  input.subject.state === 'identified' ? input.subject.credential : undefined

const seconds = (value: number | undefined): number | undefined =>
  value === undefined ? undefined : value * 1000

const binding = group('Is the token held by whom it was issued to.', {
  state: optional(
    text(
      'State of the proof. A broken binding is refused by the gate, so no rule ever sees `broken`.',
      (i) => (i.subject.state === 'identified' ? i.subject.binding.state : undefined),
      ['verified', 'absent', 'broken'],
    ),
  ),
  methods: optional(
    list(
      'How it was proved.',
      (i) => (i.subject.state === 'identified' ? i.subject.binding.methods : undefined),
      ['dpop', 'mtls', 'device'],
    ),
  ),
  required: optional(
    flag('The issuer asks for a binding on every token.', (i) =>
      i.subject.state === 'identified' ? i.subject.binding.isRequired : undefined,
    ),
  ),
})

const actor = group(
  'Who acts for the subject: the outermost `act` of the token (RFC 8693), never one inside it.',
  {
    id: optional(
      text('`sub` of the actor. Missing: the subject acts itself.', (i) => credential(i)?.actor?.subject),
    ),
    issuer: optional(
      text('Who knows the actor by that name: `iss` of the actor, else of the token.', (i) => {
        const own = credential(i)
        return own?.actor === undefined ? undefined : (own.actor.issuer ?? own.issuer)
      }),
    ),
  },
)

const workload = group(
  'Whose connection it is: the workload at its other end, by the word of a verified Envoy. Beside a token it is a fact about the request, without one it is the subject.',
  {
    id: optional(
      text('SPIFFE ID.', (i) => (i.subject.state === 'identified' ? i.subject.workload?.id : undefined)),
    ),
    trust_domain: optional(
      text(
        'Its trust domain.',
        (i) => (i.subject.state === 'identified' ? i.subject.workload?.trustDomain : undefined),
        (v) => v.trustDomains,
      ),
    ),
  },
)

const registration = group('What `identity.clients` says of the client.', {
  kind: optional(
    text('What kind of client. Missing: it is not listed.', (i) => credential(i)?.registration?.kind, [
      'user-app',
      'machine',
      'agent',
    ]),
  ),
  owner: optional(text('Who answers for it.', (i) => credential(i)?.registration?.owner)),
})

/** `subject` of conditions. */
export const subject = group('Who is calling.', {
  state: text(
    'Whether the caller is known. `anonymous` comes only to actions that allow it, and all other members of `subject` are then missing. The gate refuses a credential that does not hold, so no rule ever sees `refused`.',
    (i) => i.subject.state,
    ['identified', 'anonymous', 'refused'],
  ),
  issuer: optional(
    text(
      '`iss` of the token.',
      (i) => credential(i)?.issuer,
      (v) => v.issuers,
    ),
  ),
  id: optional(text('`sub` of the token.', (i) => credential(i)?.subject)),
  kind: optional(
    text('What kind of caller.', (i) => credential(i)?.kind, ['user', 'machine', 'agent', 'workload']),
  ),
  // Without a tenant the credential holds an empty one: that is missing, not a tenant without a name.
  tenant: optional(text('Tenant.', (i) => credential(i)?.tenant || undefined)),
  client: optional(text('OAuth client.', (i) => credential(i)?.client)),
  session: optional(text('Session.', (i) => credential(i)?.session.id)),
  scopes: optional(list('Scopes of the token.', (i) => credential(i)?.scopes)),
  acr: optional(text('Authentication context class of the login.', (i) => credential(i)?.acr)),
  amr: optional(list('Methods of the login (RFC 8176).', (i) => credential(i)?.amr)),
  auth_time: optional(
    time('When the user last logged in; never guessed from `iat`.', (i) => seconds(credential(i)?.authTime)),
  ),
  issued_at: optional(time('When the token was issued.', (i) => seconds(credential(i)?.issuedAt))),
  registration,
  workload,
  actor,
  carrier: optional(
    text(
      'What carried the credential: the Authorization header, a cookie, or the connection itself.',
      (i) => (i.subject.state === 'identified' ? (i.subject.carrier ?? 'header') : undefined),
      ['header', 'cookie', 'peer'],
    ),
  ),
  binding,
  claims: {
    kind: 'map',
    doc: 'Claims of the token that the issuer lists under `claims`.',
    mayBeMissing: true,
    declaredIn: 'identity.issuers[].claims',
    isDeep: true,
    names: (v) => v.claims,
    member: (i, name) => member(credential(i)?.claims, name),
    keys: (i) => Object.keys(credential(i)?.claims ?? {}),
  },
})
