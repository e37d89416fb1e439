import type { ActionSettings } from '../config/schema/decision.ts'
import type { EnforcementSettings } from '../config/schema/enforcement.ts'
import type { EntrypointSettings } from '../config/schema/entrypoints.ts'
import type { IdentitySettings } from '../config/schema/identity.ts'
import { FAILURES } from '../errors.ts'
import type { Answer, Check, Decision, Level, Subject } from '../model.ts'
import type { ChallengeConfig } from './challenge.ts'
import { type Cors, compileCors } from './cors.ts'
import { identityHeaders, removalOf, wayHeaders } from './headers.ts'
import { compileLogin, type Login } from './login.ts'
import { compileModes, type Modes } from './mode.ts'
import { nonceHeaders } from './nonce.ts'
import { refuse, stepUp, throttle } from './refusals.ts'
import { type DescribedResource, describeResources, metadataReply } from './resource-metadata.ts'
import type { Way } from './way.ts'

export { modeOf } from './mode.ts'
export { isProved, observe } from './observed.ts'
export type { Way } from './way.ts'

export interface EnforcementConfig extends ChallengeConfig {
  readonly problemBase: string
  readonly rateLimitHeaders: boolean
  /** Absent: nothing is observed. */
  readonly modes: Modes | undefined
  readonly observes: 'nothing' | 'part' | 'everything'
  readonly cors: Cors | undefined
  readonly login: Login | undefined
  readonly resources: readonly DescribedResource[]
}

/** @param actions of the catalogue: their scopes are told in the metadata of protected resources */
export function compileEnforcement(
  settings: EnforcementSettings,
  identity: IdentitySettings,
  actions: readonly Pick<ActionSettings, 'scopes'>[] = [],
  entrypoints: readonly EntrypointSettings[] = [],
): EnforcementConfig {
  const algs = new Set<string>(identity.issuers.flatMap((issuer) => issuer.dpop.algorithms))
  const scopes = [...new Set(actions.flatMap((action) => action.scopes))]
  const modes = compileModes(settings, entrypoints)
  return {
    realm: settings.realm,
    algs: algs.size === 0 ? 'ES256' : [...algs].join(' '),
    problemBase: settings.problemBase,
    rateLimitHeaders: settings.rateLimitHeaders,
    modes,
    observes: modes === undefined ? 'nothing' : modes.isWhole ? 'everything' : 'part',
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
      const known = subject.state === 'identified' ? subject : undefined
      const setHeaders = identityHeaders(known, level, check.id, decision)
      setHeaders.push(...wayHeaders(way))
      return {
        effect: decision.effect,
        setHeaders,
        removeHeaders: removalOf(setHeaders, way),
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

/** For access logs and later filters: no token, no secret. */
function metadataOf(decision: Decision, check: Check, level: Level): Answer['metadata'] {
  const { effect, reasons, rule, degraded } = decision
  const metadata: Record<string, string | readonly string[]> = { decision: check.id, effect, level, reasons }
  if (rule !== undefined) metadata['rule'] = rule
  if (degraded.length > 0) metadata['degraded'] = degraded
  return metadata
}
