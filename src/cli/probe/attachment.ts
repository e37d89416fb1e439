import { CANARY_PATH, CANARY_TITLE } from '../../lib/canary.ts'
import type { Verdict } from './verdict.ts'

/** What came back of a request for the canary. */
export interface HttpAnswer {
  readonly status: number
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string | undefined>>
  readonly body: string
}

/** The canary below this URL: filters and policies are attached to prefixes, and each can be asked for. */
export function canaryUrl(url: URL): URL {
  const canary = new URL(url)
  canary.pathname = url.pathname.replace(/\/+$/, '') + CANARY_PATH
  canary.search = ''
  canary.hash = ''
  return canary
}

/** Whether the refusal of Vigil has arrived, and else what has happened in its place. Pure. */
export function judgeAttachment(answer: HttpAnswer): Verdict {
  const { status } = answer
  const problem = problemOf(answer)
  const details = {
    status,
    server: answer.headers['server'],
    problem: problem?.type,
    instance: problem?.instance,
    isFromApplication: isFromApplication(answer),
  }
  const judged = isCanary(status, problem) ? ALIVE : notTheCanary(answer, problem)
  return { name: 'attachment', ...judged, details }
}

type Judged = Pick<Verdict, 'isGood' | 'says' | 'fix'>

const ALIVE: Judged = {
  isGood: true,
  says: 'refused with 403 by Vigil, as it must be: this route asks Vigil, and Envoy obeys',
}

interface Problem {
  readonly type: string
  readonly title: string
  readonly instance: string
}

/** The problem of Vigil that an answer holds: others know no decision. */
function problemOf({ body }: HttpAnswer): Problem | undefined {
  try {
    const { type, title, instance } = JSON.parse(body) as Record<string, unknown>
    if (typeof type !== 'string' || typeof title !== 'string') return undefined
    return typeof instance === 'string' && instance.startsWith('urn:uuid:')
      ? { type, title, instance }
      : undefined
  } catch {
    return undefined // it is no JSON object, so it is of somebody else
  }
}

/** The prefix of the type is the operator's. */
const isCanary = (status: number, problem: Problem | undefined): boolean =>
  status === 403 && problem?.title === CANARY_TITLE && problem.type.endsWith('canary')

/** Envoy says how long an upstream took, and only if one has answered. */
const isFromApplication = ({ headers }: HttpAnswer): boolean =>
  headers['x-envoy-upstream-service-time'] !== undefined

function notTheCanary(answer: HttpAnswer, problem: Problem | undefined): Judged {
  if (problem !== undefined) return fromVigil(answer.status, problem)
  if (answer.status < 300 || isFromApplication(answer)) return passed(answer.status)
  // Where headers of Envoy are suppressed: its own 404 has no body.
  if (answer.status === 404 && answer.body !== '') return passed(answer.status)
  if (answer.status < 400) return redirected(answer)
  return BY_STATUS[answer.status]?.() ?? unclear(answer.status)
}

function fromVigil(status: number, { title, instance }: Problem): Judged {
  const isOwnFault = status === 503
  return {
    isGood: false,
    says: `Vigil answered ${status} "${title}" instead of the canary (decision ${instance})`,
    fix: isOwnFault
      ? 'This route asks Vigil, and Vigil cannot answer: look at its log and at vigil_checks_refused_total.'
      : 'This route asks Vigil. It refuses this Envoy (server.callers) or is older than this command: vigil explain tells why, by the decision.',
  }
}

const passed = (status: number): Judged => ({
  isGood: false,
  says: `NOT PROTECTED: the canary reached the application, which answered ${status}`,
  fix: `${NOT_ATTACHED} Or Envoy fails open (failure_mode_allow: true) and Vigil cannot be reached: look at the statistics ext_authz.ok, ext_authz.error and ext_authz.failure_mode_allowed of this Envoy.`,
})

const NOT_ATTACHED =
  'Vigil is not attached to this route: the filter is missing, is switched off for the route, stands behind the router, or the selector or targetRefs miss this workload.'

const redirected = ({ status, headers }: HttpAnswer): Judged => ({
  isGood: false,
  says: `redirected with ${status} to ${headers['location'] ?? 'nowhere'}`,
  fix: 'Give the URL to which it leads, if this is the same application. Where Envoy redirects to https, nobody was asked yet.',
})

const unclear = (status: number): Judged => ({
  isGood: false,
  says: `answered ${status}, and not by Vigil`,
  fix: `Another filter or proxy answers in front of Vigil; or: ${NOT_ATTACHED}`,
})

const BY_STATUS: Readonly<Record<number, () => Judged>> = {
  403: () => ({
    isGood: false,
    says: 'refused with 403, and not by Vigil: closed, but Vigil does not answer',
    fix: 'Envoy could not ask Vigil (its status_on_error is 403 by default): look at the cluster of Vigil, TLS, server.callers, NetworkPolicy, and ext_authz.error. Or another filter refuses (RBAC, an AuthorizationPolicy, an unknown extension provider).',
  }),
  404: () => ({
    isGood: false,
    says: 'no route: Envoy knows nothing of this host and path, so nobody was asked',
    fix: 'Give the host (--host) and the prefix of a route that Vigil shall protect.',
  }),
  500: () => ({
    isGood: false,
    says: 'answered 500 by Envoy: closed, but Vigil is not asked',
    fix: 'Envoy Gateway answers so while the SecurityPolicy is not accepted, which it is not before Vigil has a Pod: look at the status of the policy and at the Pods of Vigil.',
  }),
  503: () => ({
    isGood: false,
    says: 'answered 503 by Envoy: closed, but Vigil cannot be reached (or the application, where Vigil is not attached)',
    fix: 'Look at the cluster of Vigil in this Envoy: endpoints, TLS and server name, NetworkPolicy, a Sidecar resource that hides its namespace, the timeout. ext_authz.error counts up when it is that.',
  }),
}
