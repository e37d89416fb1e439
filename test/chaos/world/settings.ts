import { AUDIENCE, ISSUER } from '../../harness/tokens.ts'
import { SCOPE } from '../book.ts'
import { PATH } from '../kinds.ts'
import type { Waits } from './bootstrap.ts'

/** How long things take: as shipped in the full campaign; the short one is patient, because its machine may be busy. */
export interface Pace {
  readonly isShort: boolean
  readonly budgetMs: number
  readonly deadlineMs: number
  /** Of Envoy; absent: as shipped. */
  readonly waits?: Waits
  readonly drainDelaySeconds: number
  /** Before the fault, and during it. */
  readonly warmMs: number
  readonly faultMs: number
  /** Checks a second that are wanted. */
  readonly perSecond: number
}

export const FULL: Pace = {
  isShort: false,
  budgetMs: 20,
  deadlineMs: 150,
  drainDelaySeconds: 10,
  warmMs: 2000,
  faultMs: 10_000,
  perSecond: 2000,
}

export const SHORT: Pace = {
  isShort: true,
  budgetMs: 200,
  deadlineMs: 2000,
  waits: { each: '2.4s', all: '6s', health: '0.3s', ejection: '1s' },
  drainDelaySeconds: 2,
  warmMs: 600,
  faultMs: 2000,
  perSecond: 300,
}

/**
 * Keys are asked for again so soon that every fault of the issuer is felt. As with the defaults, an answer is not waited for
 * longer than the fifth of that time in which keys are fetched early, beside the checks.
 */
export const KEY_TIMES = { refreshSeconds: 2, timeoutMs: 300, cooldownSeconds: 1 }

/** `vigil.yaml`: low, medium and high sensitivity, and a rule that lets pass whatever the gate has not refused. */
export function settingsOf(jwksUri: string, records: string, changes: object = {}): object {
  const action = (name: string, method: string, sensitivity: string) => ({
    name,
    match: { methods: [method], paths: [PATH] },
    sensitivity,
    scopes: [SCOPE],
  })
  return {
    identity: { issuers: [issuerOf(jwksUri)] },
    entrypoints: [{ name: 'gateway', externalOrigins: [AUDIENCE] }],
    actions: [action('read', 'GET', 'low'), action('note', 'PUT', 'medium'), action('pay', 'POST', 'high')],
    policy: [{ name: 'whoever-passed-the-gate', when: 'true', effect: 'allow' }],
    audit: auditOf(records),
    ...changes,
  }
}

export const issuerOf = (jwksUri: string, jwks: object = {}) => ({
  issuer: ISSUER,
  audiences: [AUDIENCE],
  jwks: { uri: jwksUri, ...KEY_TIMES, ...jwks },
})

/** Records to a file that does not grow for ever. */
export const auditOf = (path: string, changes: object = {}) => ({
  sinks: [{ kind: 'file', path, rotate: { maxBytes: 16 * 1024 * 1024, keep: 1 } }],
  ...changes,
})

/** `static.yaml` without listeners. */
export function fixedOf(
  { budgetMs, deadlineMs, drainDelaySeconds }: Pace,
  { instanceKeyFile, redisPort }: { instanceKeyFile: string; redisPort: number },
  changes: object,
): object {
  return {
    server: { deadlineMs, drainDelaySeconds },
    store: { kind: 'redis', budgetMs, redis: { port: redisPort } },
    instanceKeyFile,
    acknowledge: { unverifiedCaller: true },
    telemetry: { logLevel: 'warn' },
    ...changes,
  }
}
