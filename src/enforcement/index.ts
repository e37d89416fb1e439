import type { ActionSettings, EnforcementSettings } from '../config/schema/decision.ts'
import type { IdentitySettings } from '../config/schema/identity.ts'
import { FAILURES } from '../errors.ts'
import type { Answer, Check, Decision, Entrypoint, HeaderPair, Level, Subject } from '../model.ts'
import type { ChallengeConfig } from './challenge.ts'
import { type Cors, compileCors } from './cors.ts'
import { HOP_HEADER, headersAndCredentialToRemove, headersToRemove, identityHeaders } from './headers.ts'
import { compileLogin, type Login } from './login.ts'
import { refuse, stepUp, throttle } from './refusals.ts'
import { type DescribedResource, describeResources, metadataReply } from './resource-metadata.ts'

export interface EnforcementConfig extends ChallengeConfig {
  readonly problemBase: string
  readonly rateLimitHeaders: boolean
  readonly cors: Cors | undefined
  readonly login: Login | undefined
  readonly resources: readonly DescribedResource[]
}

/** Where the request came in, and what it is given on its way. */
export interface Way {
  readonly entrypoint: Entrypoint
  /** Value of x-vigil-hop that an edge gives to the inside entrypoints behind it. */
  readonly hop?: string
}

/** @param actions of the catalogue: their scopes are told in the metadata of protected resources */
export function compileEnforcement(
  settings: EnforcementSettings,
  identity: IdentitySettings,
  actions: readonly Pick<ActionSettings, 'scopes'>[] = [],
): EnforcementConfig {
  const algs = new Set<string>(identity.issuers.flatMap((issuer) => issuer.dpop.algorithms))
  const scopes = [...new Set(actions.flatMap((action) => action.scopes))]
  return {
    realm: settings.realm,
    algs: algs.size === 0 ? 'ES256' : [...algs].join(' '),
    problemBase: settings.problemBase,
    rateLimitHeaders: settings.rateLimitHeaders,
    cors: compileCors(settings.cors),
    login: compileLogin(settings.loginUrl),
    resources: describeResources(settings.resourceMetadata, identity, scopes, [...algs]),
  }
}

/**
 * Decision -> Answer: headers for the upstream, or the refusal for the caller. Pure.
 * @param way undefined for a check that no stage has seen
 */
export function enforce(
  decision: Decision,
  check: Check,
  subject: Subject,
  level: Level,
  way: Way | undefined,
  config: EnforcementConfig,
): Answer {
  const metadata = metadataOf(decision, check, level)
  switch (decision.effect) {
    case 'allow':
    case 'monitor': {
      const reply = metadataReply(check, config.resources, config.cors)
      if (reply !== undefined) return { effect: 'reply', ...reply, metadata }
      const credential = subject.state === 'identified' ? subject.credential : undefined
      const setHeaders = identityHeaders(credential, level, check.id, decision)
      if (way?.hop !== undefined) setHeaders.push([HOP_HEADER, way.hop])
      return {
        effect: decision.effect,
        setHeaders,
        removeHeaders:
          way?.entrypoint.forwardsCredential === false
            ? headersAndCredentialToRemove(setHeaders)
            : headersToRemove(setHeaders),
        responseHeaders: nonceHeaders(subject, check),
        metadata,
      }
    }
    case 'step-up':
      return {
        effect: 'step-up',
        ...stepUp(decision.unmet, check, subject, way?.entrypoint, config),
        metadata,
      }
    case 'throttle':
      return {
        effect: 'throttle',
        ...throttle(decision.retryAfterSeconds, decision.limit, check, config),
        metadata,
      }
    case 'unavailable':
    case 'deny': {
      const details = {
        ...(decision.effect === 'deny' && decision.scopes ? { scopes: decision.scopes } : {}),
        ...(decision.effect === 'unavailable' ? { retryAfterSeconds: decision.retryAfterSeconds } : {}),
      }
      return {
        effect: decision.effect,
        ...refuse(FAILURES[decision.failure].problem, details, check, subject, config),
        metadata,
      }
    }
  }
}

/** RFC 9449 section 8.2: a fresh nonce rides on the answer, which must then not be cached. */
function nonceHeaders(subject: Subject, check: Check): readonly HeaderPair[] {
  if (subject.state !== 'identified' || subject.nextNonce === undefined) return []
  const headers: readonly HeaderPair[] = [
    ['dpop-nonce', subject.nextNonce],
    ['cache-control', 'no-store'],
  ]
  // A script can read the nonce only if told; the app's own list stays beside this one.
  return check.headers.has('origin') ? [...headers, ['access-control-expose-headers', 'DPoP-Nonce']] : headers
}

/** For access logs and later filters: no token, no secret. */
function metadataOf(decision: Decision, check: Check, level: Level): Answer['metadata'] {
  const { effect, reasons, rule, degraded } = decision
  const metadata: Record<string, string | readonly string[]> = { decision: check.id, effect, level, reasons }
  if (rule !== undefined) metadata['rule'] = rule
  if (degraded.length > 0) metadata['degraded'] = degraded
  return metadata
}
