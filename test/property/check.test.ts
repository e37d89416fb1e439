import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { createCheckHandler } from '../../src/check/handler.ts'
import { decodeResponse } from '../../src/check/wire.ts'
import { silentLog, silentMeter } from '../../src/ports.ts'
import { openTestApp } from '../harness/app.ts'
import { athOf, makeSigner, signProof } from '../harness/proofs.ts'
import { AUDIENCE, issuerOf, mintAccessToken, NOW, NOW_MS } from '../harness/tokens.ts'
import { checkBytes, type RequestOptions } from '../harness/wire.ts'

const signer = await makeSigner('ES256')
const SCOPED = mintAccessToken()
const UNSCOPED = mintAccessToken({ claims: { scope: 'other', jti: 'u' } })
const BOUND = mintAccessToken({ claims: { cnf: { jkt: signer.jkt }, jti: 'b' } })
const BAD = [
  mintAccessToken({ claims: { exp: NOW - 60, jti: 'x' } }),
  mintAccessToken({ claims: { aud: 'https://other.example.com' } }),
  mintAccessToken({ claims: { iss: 'https://evil.example.com' } }),
  `${SCOPED.slice(0, -8)}AAAAAAAA`,
  'not-a-token',
]

const SETTINGS = {
  identity: { issuers: [issuerOf()] },
  entrypoints: [{ name: 'gateway', externalOrigins: [AUDIENCE] }],
  actions: [
    {
      name: 'read',
      match: { methods: ['GET'], paths: ['/v1/items', '/v1/items/{id}'] },
      sensitivity: 'low',
      scopes: ['orders.read'],
    },
  ],
}

let proofs = 0
const proofFor = (claims: Record<string, unknown> = {}) =>
  signProof(signer, {
    claims: {
      jti: `p${++proofs}`,
      htm: 'GET',
      htu: `${AUDIENCE}/v1/items`,
      iat: NOW,
      ath: athOf(BOUND),
      ...claims,
    },
  })

type Kind = 'none' | 'bearer' | 'unscoped' | 'bad' | 'bound' | 'bound-as-bearer' | 'bound-wrong-proof' | 'two'

function credentialOf(kind: Kind, pick: number): Record<string, string> {
  switch (kind) {
    case 'none':
      return {}
    case 'bearer':
      return { authorization: `Bearer ${SCOPED}` }
    case 'unscoped':
      return { authorization: `Bearer ${UNSCOPED}` }
    case 'bad':
      return { authorization: `Bearer ${BAD[pick % BAD.length]}` }
    case 'bound':
      return { authorization: `DPoP ${BOUND}`, dpop: proofFor() }
    case 'bound-as-bearer':
      return { authorization: `Bearer ${BOUND}` }
    case 'bound-wrong-proof':
      return {
        authorization: `DPoP ${BOUND}`,
        dpop: proofFor(pick % 2 === 0 ? { htm: 'POST' } : { ath: 'x' }),
      }
    case 'two':
      return { authorization: `Bearer ${SCOPED},Bearer ${SCOPED}` }
  }
}

const kinds = fc.constantFrom<Kind>(
  'none',
  'bearer',
  'bearer',
  'unscoped',
  'bad',
  'bound',
  'bound',
  'bound-as-bearer',
  'bound-wrong-proof',
  'two',
)
const paths = fc.oneof(
  { weight: 15, arbitrary: fc.constant('/v1/items') },
  fc.constantFrom(
    '/v1/items/7',
    '//v1/items',
    '/v1/items/../admin',
    '/v1/items%2f7',
    '/v1/items;x=1',
    '/v1/items?access_token=x',
    '/admin',
    '*',
    '',
    '/v1/items%00',
    '/v1\\items',
  ),
  fc.string({ unit: 'binary', maxLength: 20 }).map((text) => `/${text}`),
)
const request = fc.record({
  kind: kinds,
  pick: fc.nat(100),
  path: paths,
  method: fc.oneof(
    { weight: 15, arbitrary: fc.constant('GET') },
    fc.constantFrom('POST', 'get', 'CONNECT', 'TRACE', ''),
  ),
  host: fc.oneof(
    { weight: 15, arbitrary: fc.constant('api.example.com') },
    fc.constantFrom('', 'a,b', 'API.example.com.', '[::1]'),
  ),
  isRaw: fc.boolean(),
  extra: fc.oneof(
    { weight: 2, arbitrary: fc.constant<Record<string, string>>({}) },
    fc.dictionary(fc.string({ maxLength: 8 }), fc.string({ maxLength: 8 }), { maxKeys: 3 }),
  ),
})
type Generated = typeof request extends fc.Arbitrary<infer T> ? T : never

/** Written from the contract, not from the code: what may pass at all. */
function mayPass({ kind, path, method, host }: Generated): boolean {
  const isGoodPath =
    path === '/v1/items' ||
    (path === '/v1/items/7' && kind !== 'bound') ||
    /^\/v1\/items(\/[^/;\\]+)?$/.test(path)
  return (
    (kind === 'bearer' || kind === 'bound') && isGoodPath && method === 'GET' && host !== '' && host !== 'a,b'
  )
}

function bytesOf(generated: Generated): Buffer {
  const { kind, pick, path, method, host, isRaw, extra } = generated
  const headers = { ...extra, ...credentialOf(kind, pick) }
  const options: RequestOptions = { path, method, host, streamId: String(pick) }
  return checkBytes(isRaw ? { ...options, rawHeaders: Object.entries(headers) } : { ...options, headers })
}

async function openHandler(more: object = {}) {
  const app = await openTestApp({ ...SETTINGS, ...more })
  app.clock.set(NOW_MS + 1000)
  const handler = createCheckHandler(app.app.decider, {
    deadlineMs: 2000,
    maxInFlight: 10,
    clock: app.clock,
    newId: app.newId,
    defer: (run) => run(),
    meter: silentMeter,
    log: silentLog,
  })
  const caller = { state: 'unverified', sans: [] } as const
  return async (bytes: Buffer) => decodeResponse(await handler.handle(bytes, caller))
}

type Response = Awaited<ReturnType<Awaited<ReturnType<typeof openHandler>>>>

/** Either a pass with ok_response, or a refusal with an explicit code and an HTTP status. */
function isPass(response: Response): boolean {
  const { status, ok_response: ok, denied_response: denied } = response
  if ((status.code ?? 0) === 0) {
    expect(ok).toBeDefined()
    expect(denied).toBeUndefined()
    return true
  }
  expect([7, 16]).toContain(status.code)
  expect(ok).toBeUndefined()
  expect(denied?.status.code).toBeGreaterThanOrEqual(400)
  return false
}

test('every generated request gets a well-formed answer, and none passes that the contract refuses', async () => {
  const answer = await openHandler()
  const count = { all: 0, credentials: 0, passed: 0 }
  await fc.assert(
    fc.asyncProperty(request, async (generated) => {
      const passed = isPass(await answer(bytesOf(generated)))
      count.all++
      if (generated.kind === 'bearer' || generated.kind === 'bound') count.credentials++
      if (passed) count.passed++
      if (passed) expect(mayPass(generated)).toBe(true)
    }),
    { numRuns: 2000 },
  )
  process.stdout.write(
    `property: ${count.all} requests, ${count.credentials} with a valid credential, ${count.passed} passed\n`,
  )
  expect(count.passed).toBeGreaterThan(100)
}, 60_000)

test('random, truncated and flipped bytes get a denial and no gRPC error', async () => {
  const answer = await openHandler()
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 400 }), async (bytes) => {
      expect(isPass(await answer(Buffer.from(bytes)))).toBe(false)
    }),
    { numRuns: 1000 },
  )
  const whole = checkBytes({ headers: { authorization: `Bearer ${UNSCOPED}` } })
  await fc.assert(
    fc.asyncProperty(fc.nat(whole.length - 1), fc.nat(255), async (at, value) => {
      const flipped = Buffer.from(whole)
      flipped[at] = value
      expect(isPass(await answer(flipped))).toBe(false)
      expect(isPass(await answer(whole.subarray(0, at)))).toBe(false)
    }),
    { numRuns: 1000 },
  )
}, 60_000)

const OBSERVE = { enforcement: { mode: 'observe' } }
/** Of these somebody may have proved that they are his; the wrong proof for a GET is the right one for a POST. */
const mayHaveName = ({ kind, method, pick }: Generated): boolean =>
  ['bearer', 'unscoped', 'bound'].includes(kind) ||
  (kind === 'bound-wrong-proof' && method === 'POST' && pick % 2 === 0)
const NAMES = ['issuer', 'subject', 'session', 'client', 'scope'].map((name) => `x-vigil-${name}`)

test('in observe mode every request passes, and only who has proved who it is has a name', async () => {
  const answer = await openHandler(OBSERVE)
  let named = 0
  await fc.assert(
    fc.asyncProperty(request, async (generated) => {
      const response = await answer(bytesOf(generated))
      expect(isPass(response)).toBe(true)
      const set = (response.ok_response?.headers ?? []).map(({ header }) => header?.key ?? '')
      const removed = response.ok_response?.headers_to_remove ?? []
      for (const name of NAMES) expect(set.includes(name) || removed.includes(name)).toBe(true)
      if (set.includes('x-vigil-subject')) {
        expect(mayHaveName(generated)).toBe(true)
        named++
      }
      expect(response.ok_response?.response_headers_to_add ?? []).toEqual([])
    }),
    { numRuns: 1000 },
  )
  expect(named).toBeGreaterThan(100)
}, 60_000)

test('in observe mode random bytes pass without a name where everything is observed, and nowhere else', async () => {
  const [whole, part] = [
    await openHandler(OBSERVE),
    await openHandler({ enforcement: { mode: 'observe', hosts: { 'admin.example.com': 'enforce' } } }),
  ]
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 400 }), async (bytes) => {
      const response = await whole(Buffer.from(bytes))
      expect(isPass(response)).toBe(true)
      const set = (response.ok_response?.headers ?? []).map(({ header }) => header?.key)
      expect(set).not.toContain('x-vigil-subject')
      expect(isPass(await part(Buffer.from(bytes)))).toBe(false)
    }),
    { numRuns: 500 },
  )
})
