import type { Problem } from '../errors.ts'
import { formOf } from '../lib/form.ts'
import type { Check, Entrypoint, HeaderPair, LimitReading, Requirement, Scheme, Subject } from '../model.ts'
import { type ChallengeConfig, challenges } from './challenge.ts'
import { type Login, returnTo } from './login.ts'
import { ACCESS_DENIED_DETAIL, PROBLEMS } from './problems.ts'
import { type DescribedResource, metadataUrlOf } from './resource-metadata.ts'
import { type Refusal, type TellConfig, type Told, tell, tellLocation } from './tell.ts'

interface RefusalConfig extends ChallengeConfig, TellConfig {
  readonly login: Login | undefined
  readonly resources: readonly DescribedResource[]
  readonly problemBase: string
  readonly rateLimitHeaders: boolean
}

interface Details {
  readonly scopes?: readonly string[]
  readonly retryAfterSeconds?: number
}

const QUOTA_EXCEEDED = 'https://iana.org/assignments/http-problem-types#quota-exceeded'
const ABNORMAL_USAGE = 'https://iana.org/assignments/http-problem-types#abnormal-usage-detected'

/** 400, 401, 403, 413 and 503: RFC 6750 section 3, RFC 9449 sections 7 to 9, RFC 9457. */
export function refuse(
  problem: Problem,
  details: Details,
  check: Check,
  subject: Subject,
  config: RefusalConfig,
): Refusal {
  const shape = PROBLEMS[problem]
  const scope = details.scopes?.join(' ')
  const headers: HeaderPair[] = []
  if (shape.challenges) {
    const resourceMetadata = metadataUrlOf(check, config.resources)
    const parameters = { error: shape.error, description: shape.description, scope, resourceMetadata }
    headers.push(...challenges(schemeOf(subject), parameters, config))
  }
  headers.push(...nonceOf(subject))
  const { retryAfterSeconds } = details
  const wait = retryAfterSeconds === undefined ? undefined : wholeSeconds(retryAfterSeconds)
  if (wait !== undefined) headers.push(['retry-after', String(wait)])
  const body = {
    type: `${config.problemBase}${problem === 'dpop-key-binding' ? 'invalid-token' : problem}`,
    title: shape.title,
    status: shape.status,
    ...(problem === 'access-denied' ? { detail: ACCESS_DENIED_DETAIL } : {}),
    ...(shape.error === undefined ? {} : { error: shape.error }),
    ...(scope === undefined || problem !== 'insufficient-scope' ? {} : { scope }),
  }
  const metadata = body.scope === undefined ? {} : { scope: body.scope }
  const rpc = { message: shape.rpcMessage, reason: shape.rpcReason, metadata, waitSeconds: wait }
  return tell({ status: shape.status, headers, body, rpc }, check, config)
}

/** 401 of RFC 9470: only what is really unmet. Machines never get here: the gate and the rules deny them. */
export function stepUp(
  unmet: Requirement,
  check: Check,
  subject: Subject,
  entrypoint: Entrypoint | undefined,
  config: RefusalConfig,
): Refusal {
  const location = loginOf(unmet, check, entrypoint, config)
  if (location !== undefined) return tellLocation(location, check, config)
  const description =
    unmet.acr === undefined
      ? 'More recent authentication is required'
      : 'A different authentication level is required'
  const parameters = {
    error: 'insufficient_user_authentication',
    description,
    acrValues: unmet.acr?.join(' '),
    maxAge: unmet.maxAgeSeconds,
    resourceMetadata: metadataUrlOf(check, config.resources),
  }
  const headers = [...challenges(schemeOf(subject) ?? 'Bearer', parameters, config), ...nonceOf(subject)]
  const body = {
    type: `${config.problemBase}step-up-required`,
    title: 'Stronger or more recent authentication required',
    status: 401,
    error: 'insufficient_user_authentication',
    ...(unmet.acr === undefined ? {} : { acr_values: unmet.acr }),
    ...(unmet.maxAgeSeconds === undefined ? {} : { max_age: unmet.maxAgeSeconds }),
  }
  const metadata = {
    ...(parameters.acrValues === undefined ? {} : { acr_values: parameters.acrValues }),
    ...(parameters.maxAge === undefined ? {} : { max_age: String(parameters.maxAge) }),
  }
  const message = 'step-up authentication required'
  const rpc = { message, reason: 'STEP_UP_REQUIRED', metadata, waitSeconds: undefined }
  return tell({ status: 401, headers, body, rpc }, check, config)
}

/** Only a browser that is about to show a page can be sent to another one. */
function loginOf(
  unmet: Requirement,
  check: Check,
  entrypoint: Entrypoint | undefined,
  config: RefusalConfig,
): string | undefined {
  if (config.login === undefined || entrypoint === undefined || formOf(check) !== 'navigation')
    return undefined
  const address = returnTo(check, entrypoint)
  return address === undefined ? undefined : config.login(unmet, address)
}

/** 429. A quota says which and when; abnormal behaviour is told nothing that would help to stay below the alarm. */
export function throttle(
  retryAfterSeconds: number,
  limit: LimitReading | undefined,
  check: Check,
  config: RefusalConfig,
): Refusal {
  const seconds = wholeSeconds(retryAfterSeconds)
  const wait = limit === undefined ? seconds + jitter(check.id, seconds) : seconds
  const headers: HeaderPair[] = [['retry-after', String(wait)]]
  if (limit !== undefined && config.rateLimitHeaders) {
    headers.push(['ratelimit-policy', `"${limit.limit}";q=${limit.max};w=${limit.windowSeconds}`])
    headers.push(['ratelimit', `"${limit.limit}";r=0;t=${wait}`])
  }
  const body =
    limit === undefined
      ? {
          type: ABNORMAL_USAGE,
          title: 'Request not satisfied due to detection of abnormal usage',
          status: 429,
        }
      : {
          type: QUOTA_EXCEEDED,
          title: 'Request cannot be satisfied as assigned quota has been exceeded',
          status: 429,
          'violated-policies': [limit.limit],
        }
  const rpc: Told['rpc'] = {
    message: limit === undefined ? 'abnormal usage' : 'rate limit exceeded',
    reason: limit === undefined ? 'ABNORMAL_USAGE' : 'RATE_LIMITED',
    metadata: {},
    waitSeconds: wait,
  }
  return tell({ status: 429, headers, body, rpc }, check, config)
}

function schemeOf(subject: Subject): Scheme | undefined {
  return subject.state === 'anonymous' ? undefined : subject.scheme
}

/** At most one DPoP-Nonce per answer (RFC 9449 section 8). */
function nonceOf(subject: Subject): readonly HeaderPair[] {
  if (subject.state === 'anonymous' || subject.nextNonce === undefined) return []
  return [['dpop-nonce', subject.nextNonce]]
}

/** RFC 9110 section 10.2.3: whole seconds; 0 would invite the caller back at once. */
function wholeSeconds(seconds: number): number {
  return Math.max(1, Math.ceil(seconds))
}

/** Up to a quarter more, at least 0 to 1 s, from the random decision id: callers must not come back all at once. */
function jitter(id: string, seconds: number): number {
  // The last digits are random in every version of UUID; the first may be the time.
  const word = Number.parseInt(id.slice(-4), 16)
  return Number.isNaN(word) ? 0 : Math.round((word / 0xffff) * Math.max(1, seconds / 4))
}
