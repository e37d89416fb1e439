import { settings } from '../../src/config/schema/settings.ts'
import type {
  Action,
  Assessment,
  Check,
  Credential,
  Decision,
  Facts,
  Finding,
  Level,
  Past,
  Peer,
  Profile,
  Session,
  Subject,
} from '../../src/model.ts'
import { compilePolicy, type PolicySettings } from '../../src/policy/compile.ts'
import type { PolicyConfig } from '../../src/policy/config.ts'
import { decide } from '../../src/policy/decide.ts'
import { checkOf, credentialOf, pastOf } from '../support/check-of.ts'

/** A check that passes the gate and is allowed by the default table; tests change what they are about. */

/** 2026-11-23T12:00:00Z, a whole second. */
export const NOW_MS = 1_795_435_200_000
export const NOW = NOW_MS / 1000

const peer: Peer = { principal: '' }

export const check = (change: Partial<Check> = {}): Check =>
  checkOf({
    atMs: NOW_MS,
    caller: { state: 'verified', sans: [] },
    method: 'POST',
    authority: 'api.example.com:8443',
    path: '/v1/accounts/42/transfers',
    headers: new Map([
      ['x-region', ['eu', 'us']],
      ['x-secret', ['s']],
    ]),
    source: peer,
    destination: peer,
    ...change,
  })

export const credential = (change: Partial<Credential> = {}): Credential =>
  credentialOf({
    tenant: 'acme',
    client: 'app',
    scopes: ['payments.read', 'payments.write'],
    acr: 'mfa',
    amr: ['pwd', 'otp'],
    authTime: NOW - 100,
    issuedAt: NOW - 50,
    expiresAt: NOW + 300,
    claims: { roles: ['teller', 'admin'], accounts: ['42', '43'], level: 3, address: { country: 'DE' } },
    ...change,
  })

export type Identified = Extract<Subject, { state: 'identified' }>

export const subject = (change: Partial<Credential> = {}, more: Partial<Identified> = {}): Identified => ({
  state: 'identified',
  credential: credential(change),
  scheme: 'DPoP',
  binding: { state: 'verified', methods: ['dpop'], isRequired: true, isCarried: false },
  uses: [],
  isCounted: false,
  ...more,
})

export const action = (change: Partial<Action> = {}): Action => ({
  name: 'transfer-funds',
  isKnown: true,
  sensitivity: 'low',
  scopes: [],
  params: { account: '42' },
  allowsAnonymous: false,
  ...change,
})

const COLOGNE = { name: 'Köln', latitude: 50.93, longitude: 6.96 }

export const facts = (change: Partial<Action> = {}, more: Partial<Facts> = {}): Facts => ({
  entrypoint: 'gateway',
  action: action(change),
  address: { ip: '192.0.2.7', isUntrusted: false },
  network: { country: 'DE', asn: 64500, class: 'residential', city: COLOGNE },
  device: { id: 'd1', isAttested: false },
  client: { kind: 'browser', browser: 'Firefox', os: 'Linux' },
  fingerprint: { tls: 't13d1516h2_8daaf6152771_02713d6af862', value: 'iSh3Bq5k7N4F9FGj' },
  time: { hourOfWeek: 33 },
  ...more,
})

export const profile = (change: Partial<Profile> = {}): Profile => ({
  firstSeenMs: NOW_MS - 86_400_000,
  lastSeenMs: NOW_MS - 1000,
  seen: 25,
  features: {},
  rate: { shape: 1, minutes: 1 },
  ...change,
})

export const session = (change: Partial<Session> = {}): Session => ({
  firstSeenMs: NOW_MS - 60_000,
  lastSeenMs: NOW_MS - 1000,
  seen: 4,
  ...change,
})

export const past = (change: Partial<Past> = {}): Past =>
  pastOf({ profile: profile(), session: session(), requestsPerMinute: 7, ...change })

export const finding = (reason: string): Finding => ({ signal: 'x', reason, nats: 2, detail: {} })

export const assessment = (level: Level = 'low', reasons: readonly string[] = []): Assessment => ({
  score: 0.01,
  level,
  findings: reasons.map(finding),
  failed: [],
})

const BASE = {
  identity: {
    issuers: [
      {
        issuer: 'https://idp.example.com',
        audiences: ['https://api.example.com'],
        jwks: { uri: 'https://idp.example.com/jwks' },
        claims: ['roles', 'accounts', 'level', 'address', 'absent'],
      },
    ],
  },
  context: { requestHeaders: ['x-region', 'x-other'] },
  actions: [
    {
      name: 'transfer-funds',
      match: { methods: ['POST'], paths: ['/v1/accounts/{account}/transfers', '/files/{rest...}'] },
    },
    { name: 'read-balance', match: { paths: ['/v1/accounts/{account}'] } },
  ],
}

export const settingsOf = (change: Record<string, unknown> = {}): PolicySettings =>
  settings.parse({ ...BASE, ...change })

export type RuleInput = { name?: string; when: string | boolean; effect: string } & Record<string, unknown>

const named = (rules: readonly RuleInput[]) => rules.map((rule, i) => ({ name: `r${i}`, ...rule }))

/** @throws when the settings have problems: tests of problems call compilePolicy themselves. */
export function configOf(rules: readonly RuleInput[], change: Record<string, unknown> = {}): PolicyConfig {
  const compiled = compilePolicy(settingsOf({ policy: named(rules), ...change }))
  if (!compiled.ok) throw new Error(compiled.problems.map((problem) => problem.message).join('; '))
  return compiled.value
}

export const problemsOf = (rules: readonly RuleInput[], reasons?: readonly string[]) => {
  const compiled = compilePolicy(settingsOf({ policy: named(rules) }), reasons)
  return compiled.ok ? [] : compiled.problems
}

export interface Given {
  readonly check?: Check
  readonly subject?: Subject
  readonly facts?: Facts
  readonly past?: Past
  readonly assessment?: Assessment
}

export const decideWith = (config: PolicyConfig, given: Given = {}): Decision =>
  decide(
    given.check ?? check(),
    given.subject ?? subject(),
    given.facts ?? facts(),
    given.past ?? past(),
    given.assessment ?? assessment(),
    config,
  )

/** The decision under these rules. */
export const decideBy = (rules: readonly RuleInput[], given: Given = {}): Decision =>
  decideWith(configOf(rules), given)

/** A condition that reads something missing, and one that goes wrong. */
export const UNKNOWN = 'subject.claims.absent == 1'
export const ERROR = '1 / (past.seen - past.seen) > 0'

export const rule = (effect: string, more: Partial<RuleInput> = {}): RuleInput => ({
  name: 'r',
  when: true,
  effect,
  ...more,
})

/** A past in which the session was challenged a while ago. */
export const challenged = past({ session: session({ challengedAtMs: NOW_MS - 200_000 }) })
