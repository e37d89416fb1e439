/**
 * The closed set of ways in which a check can be refused, with the one sentence that explains each to a person.
 * The problem decides what the caller sees (docs/answers.md); the sentence is for records and docs.
 */

/** The shapes of refusals a caller can see (reference: RFC 6750, 9449, 9470, 9457). */
export type Problem =
  | 'authentication-required'
  | 'invalid-request'
  | 'invalid-token'
  | 'dpop-key-binding'
  | 'invalid-dpop-proof'
  | 'dpop-nonce-required'
  | 'insufficient-scope'
  | 'access-denied'
  | 'request-too-large'
  | 'unavailable'

const refusal = (problem: Problem, sentence: string) => ({ problem, sentence }) as const

export const FAILURES = {
  // check
  'check.request.not-http': refusal('access-denied', 'The check carried no HTTP request.'),
  'check.request.undecodable': refusal('access-denied', 'The check could not be decoded.'),
  'check.request.oversized': refusal('request-too-large', 'The check is larger than allowed.'),
  'check.request.method': refusal('access-denied', 'The method is not one that this service knows.'),
  'check.request.connect': refusal('access-denied', 'CONNECT is not allowed.'),
  'check.request.host': refusal('invalid-request', 'The host is malformed.'),
  'check.request.path': refusal(
    'invalid-request',
    'The path holds characters or an encoding that could be read in two ways.',
  ),
  'check.request.header': refusal(
    'invalid-request',
    'A header that may appear once appeared more than once, or is malformed.',
  ),
  'check.caller.refused': refusal('access-denied', 'The Envoy that asked is not on the list of callers.'),
  'check.deadline.exceeded': refusal('unavailable', 'The decision was not ready in time.'),
  'check.capacity.exceeded': refusal('unavailable', 'Too many checks were in flight.'),
  'check.fault.unexpected': refusal('unavailable', 'An unexpected fault stopped the decision.'),
  // identity: the credential
  'identity.credential.missing': refusal('authentication-required', 'No credential was shown.'),
  'identity.credential.multiple': refusal('invalid-request', 'More than one credential was shown.'),
  'identity.credential.malformed': refusal('invalid-request', 'The Authorization header is malformed.'),
  'identity.credential.unsupported': refusal(
    'authentication-required',
    'The credential is of a kind that is not accepted.',
  ),
  'identity.credential.in-query': refusal('invalid-request', 'An access token was sent in the query.'),
  'identity.cookie.ambiguous': refusal('invalid-request', 'The cookies can be read in two ways.'),
  'identity.cookie.cross-site': refusal(
    'access-denied',
    'Another site made the browser send its cookie with a request that changes something.',
  ),
  'identity.token.malformed': refusal('invalid-token', 'The token is not a well-formed signed JWT.'),
  'identity.token.oversized': refusal('invalid-token', 'The token is larger than allowed.'),
  'identity.token.duplicate-member': refusal('invalid-token', 'The token holds the same member twice.'),
  'identity.token.critical-header': refusal(
    'invalid-token',
    'The token asks for an extension that is not supported.',
  ),
  'identity.token.type': refusal('invalid-token', 'The token is not of the type this issuer must use.'),
  'identity.token.algorithm': refusal(
    'invalid-token',
    'The algorithm is not one this issuer may use, or does not fit its key.',
  ),
  'identity.token.unknown-issuer': refusal('invalid-token', 'The issuer of the token is not configured.'),
  'identity.token.unknown-key': refusal(
    'invalid-token',
    'The issuer publishes no key with which this token could have been signed.',
  ),
  'identity.token.signature': refusal('invalid-token', 'The signature of the token does not verify.'),
  'identity.token.audience': refusal('invalid-token', 'The token was issued for another audience.'),
  'identity.token.expired': refusal('invalid-token', 'The token has expired.'),
  'identity.token.not-yet-valid': refusal(
    'invalid-token',
    'The token is not valid yet or was issued in the future.',
  ),
  'identity.token.lifetime': refusal('invalid-token', 'The token lives longer than this issuer may allow.'),
  'identity.token.claims': refusal(
    'invalid-token',
    'A claim that the token must carry is missing or of the wrong type.',
  ),
  // A new token would be no better, so these are no 401.
  'identity.client.unlisted': refusal(
    'access-denied',
    'The client of the token, or who acts for its user, is not on the list of clients.',
  ),
  'identity.client.audience': refusal(
    'access-denied',
    'The token names an audience that its client, or who acts for its user, may not use.',
  ),
  'identity.keys.unavailable': refusal('unavailable', 'The keys of the issuer are not available.'),
  // identity: the peer, where no token was shown
  'identity.workload.malformed': refusal(
    'authentication-required',
    'The peer has no well-formed name of a workload.',
  ),
  'identity.workload.trust-domain': refusal(
    'authentication-required',
    'The peer is a workload of a trust domain that is not configured.',
  ),
  'identity.workload.certificate': refusal(
    'authentication-required',
    'The certificate of the peer is not that of the workload it names.',
  ),
  'identity.workload.untrusted-caller': refusal(
    'authentication-required',
    'A workload was told by an Envoy that has not proved who it is.',
  ),
  // identity: the binding
  'identity.binding.absent': refusal(
    'invalid-token',
    'This issuer must bind its tokens to their holder, and this one is not bound.',
  ),
  'identity.binding.unsupported': refusal(
    'invalid-token',
    'The token is bound in a way that is not supported.',
  ),
  'identity.dpop.missing': refusal(
    'invalid-dpop-proof',
    'The token is bound to a key and came without a proof.',
  ),
  'identity.dpop.bearer': refusal(
    'invalid-token',
    'The token is bound to a key and was shown as a plain bearer token.',
  ),
  'identity.dpop.unbound-token': refusal(
    'invalid-token',
    'The scheme DPoP was used with a token that is bound to no key.',
  ),
  'identity.dpop.multiple': refusal('invalid-request', 'More than one proof was shown.'),
  'identity.dpop.malformed': refusal('invalid-dpop-proof', 'The proof is not a well-formed signed JWT.'),
  'identity.dpop.type': refusal('invalid-dpop-proof', 'The proof is not of type dpop+jwt.'),
  'identity.dpop.algorithm': refusal(
    'invalid-dpop-proof',
    'The proof uses an algorithm that is not allowed.',
  ),
  'identity.dpop.key': refusal(
    'invalid-dpop-proof',
    'The key inside the proof is unusable, weak, or private.',
  ),
  'identity.dpop.signature': refusal('invalid-dpop-proof', 'The signature of the proof does not verify.'),
  'identity.dpop.claims': refusal(
    'invalid-dpop-proof',
    'A claim that the proof must carry is missing or of the wrong type.',
  ),
  'identity.dpop.method': refusal('invalid-dpop-proof', 'The proof was made for another method.'),
  'identity.dpop.target': refusal('invalid-dpop-proof', 'The proof was made for another URI.'),
  'identity.dpop.token-hash': refusal('invalid-dpop-proof', 'The proof was made for another token.'),
  'identity.dpop.key-binding': refusal(
    'dpop-key-binding',
    'The proof was made with a key that is not the one of the token.',
  ),
  'identity.dpop.time': refusal('invalid-dpop-proof', 'The proof is too old or from the future.'),
  'identity.dpop.nonce-required': refusal(
    'dpop-nonce-required',
    'The proof must carry a nonce of this service.',
  ),
  'identity.dpop.nonce-invalid': refusal(
    'dpop-nonce-required',
    'The nonce of the proof is unknown or too old.',
  ),
  'identity.dpop.replayed': refusal('invalid-dpop-proof', 'The proof was used before.'),
  'identity.mtls.missing': refusal(
    'invalid-token',
    'The token is bound to a certificate and none was shown.',
  ),
  'identity.mtls.untrusted-caller': refusal(
    'invalid-token',
    'A certificate was told by an Envoy that has not proved who it is.',
  ),
  'identity.mtls.mismatch': refusal('invalid-token', 'The token is bound to another certificate.'),
  // An edge made the hop, not the client: neither its token nor its proof is at fault, and no new one would help.
  'identity.hop.repeated': refusal('access-denied', 'The hop of this request was used before.'),
  // history
  'history.store.unavailable': refusal(
    'unavailable',
    'The store was needed for this action and could not be reached in time.',
  ),
  'history.replay.unavailable': refusal(
    'unavailable',
    'Whether the proof was used before could not be checked.',
  ),
  // policy: the gate and the rules
  'policy.action.unknown': refusal('access-denied', 'The request stands for no action of the catalogue.'),
  'policy.scope.insufficient': refusal(
    'insufficient-scope',
    'The token lacks a scope that the action needs.',
  ),
  'policy.authentication.impossible': refusal(
    'access-denied',
    'The action needs a fresh login, and a machine cannot give one.',
  ),
  'policy.authentication.looping': refusal(
    'access-denied',
    'A login was asked for again and again, and each new token was still not enough.',
  ),
  'policy.rule.denied': refusal('access-denied', 'A rule denies this request.'),
  'policy.rule.error': refusal('access-denied', 'A rule could not be evaluated, so it denies.'),
  'policy.rule.unknown': refusal(
    'access-denied',
    'A denying rule needed something that this request does not show.',
  ),
  'policy.default.denied': refusal('access-denied', 'The risk is too high for this action.'),
  // audit
  'audit.record.unavailable': refusal('unavailable', 'Records are required, and a sink was full or broken.'),
} as const satisfies Record<string, { problem: Problem; sentence: string }>

export type FailureCode = keyof typeof FAILURES

/** What the service needs to start cannot be used: a file, a port. The message says which and why; it is no fault of Vigil. */
export class StartError extends Error {
  constructor(message: string, options?: { cause?: unknown }) {
    super(message, options)
    this.name = 'StartError'
  }
}

/** One thing wrong in configuration; `config/` turns the path into file:line:column. */
export interface SettingsProblem {
  readonly path: readonly (string | number)[]
  readonly message: string
  /** Offset inside a string value, e.g. of a word in a condition. */
  readonly offset?: number
  /** Points at the key itself, not at its value. */
  readonly isAboutKey?: boolean
  /** The string seems to end too early: YAML may have taken the rest of its line for a comment. */
  readonly isUnfinished?: boolean
}

export type Compiled<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly problems: readonly SettingsProblem[] }
