import type { WireCheckRequest, WireHeader, WireHttp } from '../../src/check/wire.ts'
import type {
  Answer,
  Check,
  Credential,
  Decision,
  Facts,
  Outcome,
  Past,
  RefusingAnswer,
  Subject,
} from '../../src/model.ts'
import type { Labels, Log, Meter } from '../../src/ports.ts'
import { checkOf, credentialOf, entrypointOf, factsOf, pastOf } from './check-of.ts'

/** Plain examples of the shared words, for the tests of the edge, of enforcement and of audit. */

export const ID = '5f0c0c0c-1111-4222-8333-444455556666'
export const AT_MS = Date.UTC(2026, 10, 22, 9, 0, 0)
export const ARRIVAL = { id: ID, atMs: AT_MS, caller: { state: 'unverified', sans: [] } } as const

/** The headers of a request as the decoder gives them. */
export const wireHeaders = (headers: Readonly<Record<string, string>>): WireHeader[] =>
  Object.entries(headers).map(([key, value]) => ({ key, value }))

export function wireRequest(http: WireHttp = {}): WireCheckRequest {
  return {
    attributes: {
      source: { address: { socket_address: { address: '10.0.0.9', port_value: 4711 } } },
      request: {
        time: { seconds: 1_795_000_000, nanos: 5 },
        http: { id: '17', method: 'GET', path: '/v1/orders', host: 'api.example.com', ...http },
      },
    },
  }
}

export function sampleCheck(over: Partial<Check> = {}, headers: Record<string, string> = {}): Check {
  return checkOf({
    ...ARRIVAL,
    path: '/v1/orders',
    headers: new Map(Object.entries(headers).map(([name, value]) => [name, [value]])),
    source: { ip: '10.0.0.9', port: 4711, principal: '' },
    destination: { principal: '' },
    ...over,
  })
}

export function sampleCredential(over: Partial<Credential> = {}): Credential {
  return credentialOf({
    tenant: 'acme',
    client: 'web',
    session: { id: 's-1', isDerived: false },
    scopes: ['orders.read', 'orders.write'],
    acr: 'phr',
    amr: ['hwk'],
    authTime: 1_795_000_000,
    issuedAt: 1_795_000_000,
    expiresAt: 1_795_000_600,
    tokenId: 'secret-token-id',
    tokenHash: 'secret-token-hash',
    confirmation: { jkt: 'secret-thumbprint' },
    ...over,
  })
}

export type Identified = Extract<Subject, { state: 'identified' }>

export function identified(over: Partial<Identified> = {}): Identified {
  return {
    state: 'identified',
    credential: sampleCredential(),
    scheme: 'Bearer',
    binding: { state: 'absent', methods: [], isRequired: false, isCarried: false },
    uses: [],
    isCounted: false,
    ...over,
  }
}

export const ENTRYPOINT = entrypointOf({ envoyAppends: true, externalOrigins: ['https://api.example.com'] })

const { action, ...plainFacts } = factsOf({ address: { ip: '203.0.113.7', isUntrusted: false } })
export const FACTS: Facts = { ...plainFacts, action: { ...action, name: 'read-orders' } }

export const PAST: Past = pastOf()

export const DECISION_BASE = { reasons: ['policy.default.allowed'], shadow: [], degraded: [] } as const

export const ALLOW: Decision = { ...DECISION_BASE, effect: 'allow' }

export const ALLOWED: Extract<Answer, { setHeaders: unknown }> = {
  effect: 'allow',
  setHeaders: [['x-vigil-subject', 'alice']],
  removeHeaders: ['x-vigil-hop'],
  responseHeaders: [],
  metadata: { decision: ID },
}

export function refusedAnswer(status = 403): RefusingAnswer {
  return { effect: 'deny', status, headers: [], body: 'no', metadata: { decision: ID } }
}

export function sampleOutcome(over: Partial<Outcome> = {}, subject: Subject = identified()): Outcome {
  return {
    check: sampleCheck(),
    stages: {
      entrypoint: ENTRYPOINT,
      subject,
      facts: FACTS,
      past: PAST,
      assessment: { score: 0.01, level: 'low', findings: [], failed: [] },
    },
    decision: ALLOW,
    answer: ALLOWED,
    ...over,
  }
}

export interface Counted {
  readonly name: string
  readonly value: number
  readonly labels: Labels | undefined
}

export function spyMeter(): Meter & { readonly counted: Counted[] } {
  const counted: Counted[] = []
  const note = (name: string, value: number, labels?: Labels) => {
    counted.push({ name, value, labels })
  }
  return { counted, add: note, record: note, set: note }
}

export function spyLog(): Log & { readonly lines: string[] } {
  const lines: string[] = []
  const note = (event: string, fields?: object) => {
    lines.push(JSON.stringify({ event, ...fields }))
  }
  return { lines, debug: note, info: note, warn: note, error: note }
}
