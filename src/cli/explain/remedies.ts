import { FAILURES, type FailureCode, type Problem } from '../../errors.ts'

/** What would have made a refused request pass, by the code of its failure: told to whoever helps the caller. */

/** For codes without a remedy of their own. */
const BY_PROBLEM: Readonly<Partial<Record<Problem, string>>> = {
  'authentication-required': 'A credential that is accepted here: an access token of a configured issuer.',
  'invalid-request': 'A request that can be read in one way only; look at `why` for what was wrong with it.',
  'invalid-token':
    'Another access token: a fresh one of the same login will do where the token itself was at fault.',
  'dpop-key-binding': 'A DPoP proof made with the key to which the token is bound.',
  'invalid-dpop-proof': 'A new DPoP proof, made for this very request with the key of the token.',
  'dpop-nonce-required':
    'The same request with a new proof that carries the nonce of the answer (`dpop-nonce`). Clients do that by themselves.',
  'insufficient-scope': 'A token with the missing scope.',
  'request-too-large': 'A smaller request, or a greater server.maxMessageBytes.',
  unavailable:
    'Nothing that the caller could do differently: the fault was on the side of the service. The same request may pass a moment later.',
}

const REMEDIES: Readonly<Partial<Record<FailureCode, string>>> = {
  'check.request.method': 'One of the methods GET, HEAD, POST, PUT, PATCH, DELETE and OPTIONS.',
  'check.request.connect': 'Nothing: CONNECT never passes.',
  'check.request.not-http': 'An Envoy that asks for HTTP requests; this was a check of a TCP filter.',
  'check.request.undecodable':
    'A check that can be decoded: look at the Envoy that asked and at its version.',
  'check.caller.refused': 'The SAN of that Envoy’s certificate under server.callers, if it may ask.',
  'check.deadline.exceeded':
    'A decision within server.deadlineMs; look at the latency of the store and at the load.',
  'check.capacity.exceeded': 'Fewer checks at once than server.maxInFlight, or one more replica.',
  'identity.credential.missing': 'An access token in the Authorization header.',
  'identity.credential.multiple': 'One credential only.',
  'identity.credential.in-query': 'The token in the Authorization header instead of the URL.',
  'identity.token.unknown-issuer': 'A token of a configured issuer, or that issuer under identity.issuers.',
  'identity.token.unknown-key':
    'A token signed with a key that the issuer publishes now: log in again; if that does not help, look at its key set.',
  'identity.token.audience':
    'A token that was issued for this API: the client must ask the issuer for one of the configured audiences.',
  'identity.token.expired':
    'A token that has not expired: the client should refresh it. If it does, compare the clocks.',
  'identity.token.not-yet-valid': 'The same token a little later. Compare the clocks of issuer and service.',
  'identity.token.lifetime': 'A token of shorter life from the issuer, or a greater maxLifetimeSeconds.',
  'identity.token.type':
    'An access token instead of another kind of token, or the issuer’s tokenType set to what it really writes.',
  'identity.keys.unavailable': 'The keys of the issuer: look at its key set URL and at the network to it.',
  'identity.binding.absent': 'A token that is bound to the key or certificate of its holder (DPoP or mTLS).',
  'identity.dpop.missing': 'A DPoP proof beside the token.',
  'identity.dpop.bearer': 'The scheme DPoP with a proof: a token that is bound to a key is no bearer token.',
  'identity.dpop.unbound-token': 'The scheme Bearer, or a token that is bound to the client’s key.',
  'identity.dpop.target':
    'A proof for the URL as clients call it. Is that URL under externalOrigins of the entrypoint?',
  'identity.dpop.time': 'A proof made just now. Compare the clock of the client.',
  'identity.dpop.replayed':
    'A new proof for each request. If the client did send a new one, somebody else has used this one: treat it as an attack.',
  'identity.mtls.missing': 'The client certificate to which the token is bound.',
  'identity.mtls.untrusted-caller': 'An Envoy whose word on client certificates may be believed.',
  'identity.mtls.mismatch':
    'The client certificate to which the token is bound, or a new token for the one that was shown.',
  'identity.client.unlisted': 'The client under identity.clients, if it may call.',
  'identity.client.audience':
    'An audience that the client (and who acts for the user) is listed with, or that audience under identity.clients.',
  'identity.cookie.cross-site':
    'The request from a page of the application itself, or the origin of that page under allowedOrigins of the cookie.',
  'identity.workload.trust-domain': 'The trust domain under identity.workloads, if its workloads may call.',
  'identity.workload.untrusted-caller': 'An Envoy whose word on its peers may be believed (server.callers).',
  'identity.hop.repeated': 'The request through the edge again: a hop is good for one request.',
  'audit.record.unavailable':
    'Audit sinks that work: look at vigil_audit_sink_losing and vigil_audit_dropped_total. Or audit.required: false.',
  'history.store.unavailable':
    'The store: look at its health and latency. Or failure.store set to degrade for this sensitivity.',
  'history.replay.unavailable':
    'The store: look at its health and latency. Or failure.replay set to degrade for this sensitivity.',
  'policy.action.unknown':
    'An action of the catalogue (actions) that takes this method and path, if the request is meant to be served.',
  'policy.authentication.impossible':
    'A person who logs in. A machine cannot: if this one may do it, write a rule that allows it, or take `authentication` from the action.',
  'policy.authentication.looping':
    'A login of the kind that is asked for, ten minutes after the first challenge. Each new login was still not enough: does the issuer write `auth_time` and the wanted `acr`?',
  'policy.rule.denied': 'Facts for which the condition of the rule does not hold.',
  'policy.default.denied': 'Less risk, or a rule that says what follows for this action.',
  'policy.rule.error': 'A rule that can be evaluated: mend its condition.',
  'policy.rule.unknown':
    'What was missing, in the request or in the token; or has() in the rule’s condition where it may be missing.',
}

export function remedyOf(failure: FailureCode): string {
  return REMEDIES[failure] ?? BY_PROBLEM[FAILURES[failure].problem] ?? 'Another decision of policy.'
}
