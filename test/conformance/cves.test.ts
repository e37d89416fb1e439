import { describe, expect, test } from '@jest/globals'
import { createCheckHandler } from '../../src/check/handler.ts'
import { decodeResponse } from '../../src/check/wire.ts'
import type { Caller, Outcome } from '../../src/model.ts'
import { silentLog, silentMeter } from '../../src/ports.ts'
import { openTestApp } from '../harness/app.ts'
import { issuerOf, keys, mintAccessToken, NOW_MS } from '../harness/tokens.ts'
import { checkBytes, type RequestOptions } from '../harness/wire.ts'

/**
 * What went wrong in Envoy, in Istio and in other authorization services, asked of this one: from the bytes of a
 * CheckRequest through the whole pipeline to the answer. Each test bears the id of what it was learned from.
 */

const action = (name: string, path: string, more: object = {}) => ({
  name,
  match: { paths: [path], ...more },
  sensitivity: 'low',
})

const SETTINGS = {
  identity: { issuers: [issuerOf()] },
  entrypoints: [{ name: 'gateway', trustedProxies: 1, externalOrigins: ['https://api.example.com'] }],
  context: { requestHeaders: ['x-role'] },
  actions: [
    action('admin', '/admin/{rest...}'),
    action('tenant', '/tenant', { hosts: ['tenant.example.com'] }),
    action('public', '/public'),
    action('items', '/v1/items'),
    { name: 'rpc', match: { grpc: ['shop.Orders/List'] }, sensitivity: 'low' },
  ],
  policy: [
    { name: 'no-admin', when: 'action.name == "admin"', effect: 'deny' },
    { name: 'users', when: 'request.headers["x-role"] == "user"', effect: 'allow' },
    {
      name: 'others',
      when: 'request.headers["x-role"] != "user"',
      effect: 'deny',
      whenUnknown: 'skip',
    },
  ],
}

const TOKEN = mintAccessToken()
const UNVERIFIED: Caller = { state: 'unverified', sans: [] }

interface Seen {
  readonly code: number
  readonly status: number
  readonly outcome: Outcome
}

/** One request with a good token; bytes in, and what Envoy makes of the bytes that come out. */
async function ask(
  request: RequestOptions | Buffer,
  raw: object = SETTINGS,
  { caller = UNVERIFIED, callers }: { caller?: Caller; callers?: readonly string[] } = {},
): Promise<Seen> {
  const app = await openTestApp(raw, { atMs: NOW_MS + 1000 })
  let outcome: Outcome | undefined
  const decider = app.app.decider()
  const finish = (one: Outcome) => {
    outcome = one
  }
  const handler = createCheckHandler(() => ({ ...decider, finish }), {
    deadlineMs: 60_000,
    maxInFlight: 10,
    maxMessageBytes: 256 * 1024,
    callers,
    clock: app.clock,
    newId: app.newId,
    defer: (run) => run(),
    meter: silentMeter,
    log: silentLog,
  })
  const bytes = Buffer.isBuffer(request) ? request : checkBytes(withToken(request))
  const response = decodeResponse(await handler.handle(bytes, caller))
  await app.close()
  if (outcome === undefined) throw new Error('nothing was finished')
  return {
    code: response.status.code ?? 0,
    status: response.denied_response?.status.code ?? 200,
    outcome,
  }
}

function withToken(request: RequestOptions): RequestOptions {
  const authorization = `Bearer ${TOKEN}`
  return request.rawHeaders === undefined
    ? { ...request, headers: { authorization, ...request.headers } }
    : { ...request, rawHeaders: [['authorization', authorization], ...request.rawHeaders] }
}

const nameOf = ({ outcome }: Seen) => outcome.stages?.facts.action.name
const reasonOf = ({ outcome }: Seen) => outcome.decision.reasons[0]

test('the plain request passes, so that what is refused below is refused for its own sake', async () => {
  expect(await ask({})).toMatchObject({ code: 0, status: 200 })
})

describe('the path is never what a URL parser would make of it', () => {
  const refused: [string, string, string][] = [
    ['CVE-2026-26205 the first segment of //', '//admin/x', 'policy.action.unknown'],
    ['CVE-2026-26205 a host in //', '//evil.example/v1/items', 'policy.action.unknown'],
    ['CVE-2019-9900 a NUL', '/v1/items%00', 'check.request.path'],
    ['CVE-2019-9900 a control byte', '/v1/items\u0001', 'check.request.path'],
    ['CVE-2019-9901 dot segments', '/v1/../admin/x', 'check.request.path'],
    ['CVE-2019-9901 encoded dot segments', '/v1/%2e%2e/admin/x', 'check.request.path'],
    ['CVE-2021-29492 an encoded slash', '/v1%2Fitems', 'check.request.path'],
    ['CVE-2021-29492 an encoded backslash', '/v1%5Citems', 'check.request.path'],
    ['CVE-2021-31920 two slashes', '/v1//items', 'policy.action.unknown'],
    ['CVE-2021-32779 a fragment', '/public#/../admin/x', 'check.request.path'],
    ['CVE-2021-39156 a fragment behind a good path', '/v1/items#x', 'check.request.path'],
    ['CVE-2026-73511 parameters of a segment', '/v1;a=b/items', 'check.request.path'],
    ['CVE-2026-73551 dot segments with parameters', '/v1/..;/admin/x', 'check.request.path'],
    ['CVE-2026-73553 parameters behind the path', '/v1/items;x', 'check.request.path'],
    ['CVE-2026-33186 no leading slash', 'v1/items', 'check.request.path'],
    ['CVE-2026-73547 no path at all', '', 'check.request.path'],
  ]
  test.each(refused)('%s', async (_, path, reason) => {
    const seen = await ask({ path })
    expect(seen.code).not.toBe(0)
    expect(reasonOf(seen)).toBe(reason)
  })

  test('CVE-2025-54576 the query takes no part', async () => {
    expect(nameOf(await ask({ path: '/admin/x?next=/public' }))).toBe('admin')
    expect(nameOf(await ask({ path: '/public?next=/admin/x' }))).toBe('public')
  })

  test('CVE-2026-33186 a gRPC method without its slash', async () => {
    const headers = { 'content-type': 'application/grpc' }
    expect(await ask({ method: 'POST', path: '/shop.Orders/List', headers })).toMatchObject({ code: 0 })
    expect((await ask({ method: 'POST', path: 'shop.Orders/List', headers })).code).not.toBe(0)
  })

  test('CVE-2026-73547 CONNECT without a path', async () => {
    const seen = await ask({ method: 'CONNECT', path: '' })
    expect(seen.code).not.toBe(0)
    expect(reasonOf(seen)).toBe('check.request.connect')
  })
})

describe('headers that clients write are no evidence', () => {
  const FORGED = ['x-forwarded-uri', 'x-original-url', 'x-rewrite-url', 'x-envoy-original-path', ':path']
  test.each(FORGED)('CVE-2026-40575 CVE-2023-27487 %s names no path', async (name) => {
    const seen = await ask({ path: '/admin/x', headers: { [name]: '/public' } })
    expect(nameOf(seen)).toBe('admin')
    expect(seen.code).not.toBe(0)
  })

  test('CVE-2024-45806 x-envoy-* tell no address', async () => {
    const seen = await ask({
      headers: {
        'x-forwarded-for': '203.0.113.5, 198.51.100.8',
        'x-envoy-internal': 'true',
        'x-envoy-external-address': '10.0.0.1',
      },
    })
    expect(seen.outcome.stages?.facts.address).toEqual({ ip: '203.0.113.5', isUntrusted: false })
  })

  test('CVE-2025-64484 twins of identity headers are removed', async () => {
    const { outcome } = await ask({ headers: { x_vigil_subject: 'root' } })
    const removed = 'removeHeaders' in outcome.answer ? outcome.answer.removeHeaders : []
    expect(removed).toEqual(expect.arrayContaining(['x_vigil_subject', 'x-vigil_subject', 'x_vigil-subject']))
  })
})

describe('every value of a header counts', () => {
  const roles = (...values: string[]) => ({ rawHeaders: values.map((value) => ['x-role', value] as const) })

  test('CVE-2020-25017 CVE-2021-32777 neither the first nor the last alone', async () => {
    expect((await ask(roles('user'))).code).toBe(0)
    expect((await ask(roles('user', 'admin'))).outcome.decision.rule).toBe('others')
    expect((await ask(roles('admin', 'user'))).outcome.decision.rule).toBe('others')
  })

  test('CVE-2026-26308 a joined text is not one of its values', async () => {
    expect((await ask({ headers: { 'x-role': 'admin,user' } })).outcome.decision.rule).toBe('others')
  })

  test('CVE-2021-32777 a second credential is no second try', async () => {
    const other = mintAccessToken({ key: keys.stranger })
    const seen = await ask({ rawHeaders: [['authorization', `Bearer ${other}`]] })
    expect(reasonOf(seen)).toBe('identity.credential.multiple')
  })
})

describe('bytes that are no text', () => {
  test('CVE-2023-27488 CVE-2024-23324 a header that is no UTF-8 gets an answer, not a gRPC error', async () => {
    const invalid = Buffer.from([0x78, 0xff, 0xfe, 0x79])
    const bytes = checkBytes(withToken({ headers: { 'x-odd': 'ABCD' } }))
    const at = bytes.indexOf('ABCD')
    invalid.copy(bytes, at)
    expect(await ask(bytes)).toMatchObject({ code: 0 })
  })

  test('CVE-2026-73552 Latin-1 is compared as the bytes that came', async () => {
    const latin = { rawHeaders: [['x-role', 'us\u00e9r']] as const }
    const seen = await ask(latin)
    expect(seen.outcome.decision.rule).toBe('others')
    expect(seen.outcome.check.headers.get('x-role')).toEqual(['us\u00e9r'])
  })

  test.each(['\0', '\r', '\n'])('CVE-2019-9900 %j in a header', async (character) => {
    const seen = await ask({ rawHeaders: [['x-role', `user${character}admin`]] })
    expect([seen.status, reasonOf(seen)]).toEqual([400, 'check.request.header'])
  })

  test('CVE-2025-66220 CVE-2026-47778 a NUL in a principal makes it nobody', async () => {
    const seen = await ask({ source: { principal: 'spiffe://mesh/sa/admin\0.evil' } })
    expect(seen.outcome.check.source.principal).toBe('\ufffd')
  })
})

describe('host and scheme', () => {
  test.each([
    'tenant.example.com',
    'TENANT.example.com',
    'tenant.example.com.',
    'Tenant.Example.Com:443',
  ])('CVE-2021-39155 %s is the same host', async (host) => {
    expect(nameOf(await ask({ host, path: '/tenant' }))).toBe('tenant')
  })

  test('CVE-2021-39155 two hosts are none', async () => {
    expect(reasonOf(await ask({ host: 'tenant.example.com,evil.example', path: '/tenant' }))).toBe(
      'check.request.host',
    )
  })
})

describe('size', () => {
  test('CVE-2026-47774 cookies without end are denied unread', async () => {
    const cookie = Array.from({ length: 30_000 }, (_, i) => `c${i}=xxxx`).join('; ')
    const seen = await ask({ headers: { cookie } })
    expect([seen.status, reasonOf(seen)]).toEqual([413, 'check.request.oversized'])
  })
})

describe('keys and callers', () => {
  test('CVE-2026-31837 keys that cannot be had are no keys', async () => {
    const away = issuerOf({ jwks: { file: 'no-such-file.json' } })
    await expect(openTestApp({ ...SETTINGS, identity: { issuers: [away] } })).rejects.toThrow('jwks.file')
    const fetched = issuerOf({ jwks: { uri: 'http://127.0.0.1:9/jwks', timeoutMs: 500 } })
    const seen = await ask({}, { ...SETTINGS, identity: { issuers: [fetched] } })
    expect([seen.status, reasonOf(seen)]).toEqual([503, 'identity.keys.unavailable'])
  })

  test('CVE-2021-21378 a token of another issuer is no missing token', async () => {
    const seen = await ask({
      headers: { authorization: `Bearer ${mintAccessToken({ claims: { iss: 'https://evil.example' } })}` },
    })
    expect([seen.status, reasonOf(seen)]).toEqual([401, 'identity.token.unknown-issuer'])
  })

  test('CVE-2026-39350 a dot in the name of a caller is a dot', async () => {
    const callers = ['spiffe://mesh.example/sa/gateway']
    const caller = (san: string): Caller => ({ state: 'verified', sans: [san] })
    expect(
      await ask({}, SETTINGS, { callers, caller: caller('spiffe://mesh.example/sa/gateway') }),
    ).toMatchObject({
      code: 0,
    })
    const other = await ask({}, SETTINGS, { callers, caller: caller('spiffe://meshXexample/sa/gateway') })
    expect([other.status, reasonOf(other)]).toEqual([403, 'check.caller.refused'])
  })
})
