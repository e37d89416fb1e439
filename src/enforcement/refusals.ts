import type { Problem } from '../errors.ts'
import type { Check, HeaderPair, LimitReading, Requirement, Scheme, Subject } from '../model.ts'
import { type ChallengeConfig, challenges } from './challenge.ts'
import { ACCESS_DENIED_DETAIL, PROBLEMS } from './problems.ts'

/** The part of an Answer that the caller sees. */
export interface Refusal {
  readonly status: number
  readonly headers: readonly HeaderPair[]
  readonly body: string
}

interface RefusalConfig extends ChallengeConfig {
  readonly problemBase: string
  readonly rateLimitHeaders: boolean
}

interface Details {
  readonly scopes?: readonly string[]
  readonly retryAfterSeconds?: number
}

const QUOTA_EXCEEDED = 'https://iana.org/assignments/http-problem-types#quota-exceeded'
const ABNORMAL_USAGE = 'https://iana.org/assignments/http-problem-types#abnormal-usage-detected'
const RESOURCE_EXHAUSTED = 8

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
    const parameters = { error: shape.error, description: shape.description, scope }
    headers.push(...challenges(schemeOf(subject), parameters, config))
  }
  headers.push(...nonceOf(subject))
  if (details.retryAfterSeconds !== undefined)
    headers.push(['retry-after', String(wholeSeconds(details.retryAfterSeconds))])
  if (check.isGrpc && shape.grpcStatus !== undefined) headers.push(['grpc-status', String(shape.grpcStatus)])
  const body = {
    type: `${config.problemBase}${problem === 'dpop-key-binding' ? 'invalid-token' : problem}`,
    title: shape.title,
    status: shape.status,
    ...(problem === 'access-denied' ? { detail: ACCESS_DENIED_DETAIL } : {}),
    ...(shape.error === undefined ? {} : { error: shape.error }),
    ...(scope === undefined || problem !== 'insufficient-scope' ? {} : { scope }),
  }
  return finish(shape.status, headers, body, shape.grpcMessage, check)
}

/** 401 of RFC 9470: only what is really unmet. Machines never get here: the gate and the rules deny them. */
export function stepUp(unmet: Requirement, check: Check, subject: Subject, config: RefusalConfig): Refusal {
  const description =
    unmet.acr === undefined
      ? 'More recent authentication is required'
      : 'A different authentication level is required'
  const parameters = {
    error: 'insufficient_user_authentication',
    description,
    acrValues: unmet.acr?.join(' '),
    maxAge: unmet.maxAgeSeconds,
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
  return finish(401, headers, body, 'step-up authentication required', check)
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
  if (check.isGrpc) {
    // Envoy would map 429 to UNAVAILABLE, which clients retry at once.
    headers.push(['grpc-status', String(RESOURCE_EXHAUSTED)], ['grpc-retry-pushback-ms', String(wait * 1000)])
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
  return finish(429, headers, body, limit === undefined ? 'abnormal usage' : 'rate limit exceeded', check)
}

function finish(
  status: number,
  headers: readonly HeaderPair[],
  body: Readonly<Record<string, unknown>>,
  grpcMessage: string,
  check: Check,
): Refusal {
  const requestId = check.headers.get('x-request-id')?.[0]
  const all: HeaderPair[] = [...headers, ['cache-control', 'no-store']]
  if (requestId !== undefined && /^[\x21-\x7e]{1,128}$/.test(requestId)) all.push(['x-request-id', requestId])
  // A script can read these only if told (RFC 9449 section 8, DPOP-19).
  if (check.headers.has('origin')) {
    all.push(['access-control-expose-headers', 'WWW-Authenticate, DPoP-Nonce, Retry-After'])
  }
  if (check.isGrpc) return { status, headers: all, body: grpcMessage }
  all.push(['content-type', 'application/problem+json'])
  return { status, headers: all, body: JSON.stringify({ ...body, instance: `urn:uuid:${check.id}` }) }
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
  const word = Number.parseInt(id.replace(/[^0-9a-f]/g, '').slice(-4), 16)
  return Number.isNaN(word) ? 0 : Math.round((word / 0xffff) * Math.max(1, seconds / 4))
}
