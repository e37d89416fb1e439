import { UNMATCHED } from '../../src/context/entrypoint.ts'
import type {
  Check,
  Credential,
  Entrypoint,
  Facts,
  Past,
  Profile,
  Subject,
  TokenCredential,
} from '../../src/model.ts'

/** The plainest instances of the model, to be changed in one member per test. */

export const AT_MS = Date.UTC(2026, 0, 15, 12)

export const checkOf = (change: Partial<Check> = {}): Check => ({
  id: '00000000-0000-4000-8000-000000000001',
  atMs: AT_MS,
  caller: { state: 'unverified', sans: [] },
  attempt: 'attempt',
  method: 'GET',
  scheme: 'https',
  authority: 'api.example.com',
  path: '/',
  hasQueryToken: false,
  protocol: 'HTTP/2',
  headers: new Map(),
  source: { ip: '203.0.113.9', port: 40000, principal: '' },
  destination: { ip: '10.0.0.1', port: 8443, principal: '' },
  sni: '',
  extensions: new Map(),
  metadata: {},
  isGrpc: false,
  ...change,
})

export const entrypointOf = (change: Partial<Entrypoint> = {}): Entrypoint => ({
  ...UNMATCHED,
  name: 'gateway',
  ...change,
})

export const credentialOf = (change: Partial<TokenCredential> = {}): TokenCredential => ({
  issuer: 'https://idp.example.com',
  subject: 'alice',
  kind: 'user',
  tenant: '',
  session: { id: 's1', isDerived: false },
  scopes: [],
  amr: [],
  issuedAt: AT_MS / 1000 - 60,
  expiresAt: AT_MS / 1000 + 3600,
  claims: {},
  tokenId: 't1',
  tokenHash: 'h1',
  confirmation: {},
  ...change,
})

export const identified = (credential: Credential = credentialOf()): Subject => ({
  state: 'identified',
  credential,
  scheme: 'Bearer',
  binding: { state: 'absent', methods: [], isRequired: false, isCarried: false },
  uses: [],
  isCounted: false,
})

export const factsOf = (change: Partial<Facts> = {}): Facts => ({
  entrypoint: 'gateway',
  action: {
    name: 'read',
    isKnown: true,
    sensitivity: 'low',
    scopes: [],
    params: {},
    allowsAnonymous: false,
  },
  address: { ip: '203.0.113.9', isUntrusted: false },
  network: { country: undefined, asn: undefined, class: 'unknown', city: undefined },
  device: { isAttested: false },
  client: { kind: undefined, browser: undefined, os: undefined },
  fingerprint: { tls: undefined, value: undefined },
  time: { hourOfWeek: 84 },
  ...change,
})

export const profileOf = (change: Partial<Profile> = {}): Profile => ({
  firstSeenMs: AT_MS - 86_400_000,
  lastSeenMs: AT_MS - 1000,
  seen: 100,
  features: {},
  rate: { shape: 0, minutes: 0 },
  ...change,
})

export const pastOf = (change: Partial<Past> = {}): Past => ({
  shown: {},
  limits: [],
  proof: 'none',
  hop: 'none',
  degraded: [],
  ...change,
})
