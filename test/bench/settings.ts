import { AUDIENCE, ISSUER } from '../harness/tokens.ts'

export interface BenchOptions {
  /** Public keys of the issuer. */
  readonly jwks: { readonly keys: readonly unknown[] }
  /** File that takes the records; absent: none are written. */
  readonly records?: string
  /** Rules put before the ten. */
  readonly moreRules?: readonly object[]
  /** How many of the ten there are. */
  readonly ofTheTen?: number
  /** Actions beside the two that are asked for. */
  readonly moreActions?: readonly object[]
  /** Verified tokens kept; 0: every check verifies its token anew; absent: Vigil's default. */
  readonly maxTokens?: number | undefined
}

/** Whose the users are. */
export const TENANT = 'tenant-0'

/** One issuer, all signals, ten rules, one hard limit. */
export function benchSettings({
  jwks,
  records,
  moreRules = [],
  ofTheTen = 10,
  moreActions = [],
  maxTokens,
}: BenchOptions): unknown {
  return {
    identity: {
      issuers: [
        {
          issuer: ISSUER,
          audiences: [AUDIENCE],
          jwks: { inline: jwks },
          algorithms: ['ES256', 'RS256', 'Ed25519'],
          claims: ['accounts'],
          tenant: TENANT,
        },
      ],
      cache: { maxTokens },
    },
    entrypoints: [{ name: 'gateway', externalOrigins: [AUDIENCE] }],
    actions: [
      {
        name: 'read',
        match: { methods: ['GET'], paths: ['/v1/accounts/{account}/items'] },
        sensitivity: 'low',
        scopes: ['read'],
      },
      {
        name: 'pay',
        match: { methods: ['POST'], paths: ['/v1/accounts/{account}/transfers'] },
        sensitivity: 'high',
        scopes: ['write'],
      },
      ...moreActions,
    ],
    risk: {
      limits: [{ name: 'per-subject', per: 'subject', requests: 100_000_000, windowSeconds: 60 }],
      // The load is the habit here: 500 users ask as often as a driver can, and none of them is to be throttled for it.
      signals: { 'request-rate': { priorRequestsPerMinute: 60_000 } },
    },
    policy: [...moreRules, ...tenRules().slice(0, ofTheTen)],
    audit: { sinks: records === undefined ? [] : [{ kind: 'file', path: records }] },
  }
}

/** No index can leave one of these out for the benchmark's action: all ten are evaluated. */
function tenRules(): object[] {
  return [
    ...Array.from({ length: 8 }, (_, i) => ({
      name: `rule-${i}`,
      when: `"scope-${i}" in subject.scopes && assessment.score > 0.5`,
      effect: 'deny',
    })),
    {
      name: 'own-accounts',
      when: 'action.name == "read" && !(action.params.account in subject.claims.accounts)',
      effect: 'deny',
    },
    { name: 'risky', when: 'assessment.level == "critical"', effect: 'deny' },
  ]
}

/** Rules that may concern any request, so that all are evaluated: the worst that a policy can be. */
export const rulesForAll = (count: number): object[] =>
  Array.from({ length: count }, (_, i) => ({
    name: `all-${i}`,
    when: `request.method == "DELETE" && assessment.score > 0.${i + 100}`,
    effect: 'deny',
  }))
