/** The bootstraps that are shipped: valid on every claimed Envoy, and doing what their comments say. */
import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import { parse } from 'yaml'
import { makeCa, makeEdgeCerts, makeLeaf } from '../../scripts/certs/make.ts'
import { ROOT } from '../../scripts/root.ts'
import { ENVOY_VERSIONS } from '../../scripts/tools/catalog.ts'
import { staticSettings } from '../../src/config/schema/static.ts'
import { bootstrapText, type Envoy, startEnvoy } from '../harness/envoy.ts'
import { type ClientTls, firstLine, type RawRequest, sendHttp1, sendHttp2 } from '../harness/http.ts'
import { freePorts } from '../harness/ports.ts'
import { type StubAuthz, startStubAuthz } from '../harness/stub-authz.ts'
import { describeWithEnvoy } from '../harness/tools.ts'
import { waitUntil } from '../harness/wait.ts'

const EDGE = join(ROOT, 'envoy', 'edge.yaml')
const SIDECAR = join(ROOT, 'envoy', 'sidecar.yaml')
const DEMO = join(ROOT, 'envoy', 'demo', 'bootstrap.yaml')
const ACTIONS_PAGE = join(ROOT, 'docs', 'actions.md')

/** edge.yaml names its certificates relative to the folder in which Envoy starts. */
let folder: string
const certs = () => join(folder, 'envoy', 'certs')

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'vigil-bootstraps-'))
  makeEdgeCerts(certs())
  makeLeaf(certs(), makeCa(certs(), 'strange-ca'), {
    stem: 'stranger',
    names: ['URI:spiffe://elsewhere.example/x'],
    usage: 'clientAuth',
  })
})

afterAll(() => rmSync(folder, { recursive: true }))

function tls(stem?: string): ClientTls {
  const pem = (name: string) => readFileSync(join(certs(), name), 'utf8')
  return { ca: pem('ca.crt'), ...(stem && { cert: pem(`${stem}.crt`), key: pem(`${stem}.key`) }) }
}

type ConnectionManager = {
  http_filters: object[]
  route_config: { virtual_hosts: object[] }
}
type Bootstrap = {
  static_resources: {
    listeners: [{ filter_chains: [{ filters: [{ typed_config: ConnectionManager }] }] }]
  }
}

/** The one YAML example of a page that speaks of Envoy's filters. */
function snippetOf(page: string): ConnectionManager {
  const text = /```yaml\n(http_filters:[\s\S]*?)```/.exec(readFileSync(page, 'utf8'))?.[1]
  return parse(text ?? '') as ConnectionManager
}

/** Does what the page says: its filters come first, its routes take the place of what was there. */
const openFor = (snippet: ConnectionManager) => (manager: ConnectionManager) => {
  manager.http_filters.unshift(...snippet.http_filters)
  manager.route_config.virtual_hosts = snippet.route_config.virtual_hosts
}

type Site = { envoy: Envoy; authz: StubAuthz; app: Server; port: number; vigilPort: number }

/** Envoy with this bootstrap between a client, the stub and an application that answers with the headers it saw. */
async function startSite(
  bootstrap: string,
  binary: string,
  edit: (manager: ConnectionManager) => void = () => undefined,
): Promise<Site> {
  const ports = await freePorts('ADMIN_PORT', 'LISTENER_PORT', 'VIGIL_PORT', 'APP_PORT')
  const authz = await startStubAuthz(ports.VIGIL_PORT)
  const app = createServer((request, response) => {
    response.end(JSON.stringify({ url: request.url, headers: request.headers }))
  }).listen(ports.APP_PORT, '127.0.0.1')
  await once(app, 'listening')
  const edited = parse(bootstrapText(bootstrap, ports)) as Bootstrap
  edit(edited.static_resources.listeners[0].filter_chains[0].filters[0].typed_config)
  const envoy = await startEnvoy({ bootstrap: edited, binary, cwd: folder })
  return { envoy, authz, app, port: ports.LISTENER_PORT, vigilPort: ports.VIGIL_PORT }
}

async function stopSite(site: Site | undefined): Promise<void> {
  await site?.envoy.stop()
  await site?.authz.stop()
  site?.app.closeAllConnections()
  site?.app.close()
}

type Send = (request?: Partial<RawRequest>) => ReturnType<typeof sendHttp1>

const GET = 'GET / HTTP/1.1\r\nhost: api.example.com\r\nconnection: close'

/** docs/failures.md lists these: what Envoy refuses by itself leaves no record. */
const REFUSED_BY_ENVOY = [
  ['an escaped NUL', GET.replace('/ ', '/a%00 '), 400],
  ['HTTP/1.0', 'GET / HTTP/1.0\r\nhost: api.example.com', 426],
  ['CONNECT', 'CONNECT api.example.com:443 HTTP/1.1\r\nhost: api.example.com:443\r\nconnection: close', 404],
  ['a header of 64 KiB', `${GET}\r\nx-long: ${'x'.repeat(65_536)}`, 431],
  ['101 headers', GET + '\r\nx-many: x'.repeat(101), 431],
  ['two lengths', `${GET}\r\ncontent-length: 5\r\ntransfer-encoding: chunked`, 400],
  ['no host', 'GET / HTTP/1.1\r\nconnection: close', 400],
] as const

/** What both bootstraps promise. */
function guards(site: () => Site, send: Send, credentials?: () => ClientTls): void {
  beforeEach(() => {
    site().authz.verdict = 'allow'
    site().authz.delayMs = 0
    site().authz.checks.length = 0
  })

  test('a check that takes a while, but less than Vigil may take, is waited for and not asked again', async () => {
    site().authz.delayMs = 80
    expect((await send()).status).toBe(200)
    expect(site().authz.checks).toHaveLength(1)
  })

  test('what Vigil allows reaches the application', async () => {
    const response = await send({ path: '/v1/accounts?x=1' })
    expect(response.status).toBe(200)
    expect(JSON.parse(response.body)).toMatchObject({ url: '/v1/accounts?x=1' })
    expect(site().authz.checks).toHaveLength(1)
  })

  test('what Vigil denies does not', async () => {
    site().authz.verdict = 'deny'
    expect((await send()).status).toBe(403)
  })

  test('there is no route without a check', async () => {
    site().authz.verdict = 'deny'
    for (const path of ['/healthz', '/.well-known/x', '//healthz', '/a;b']) {
      expect([path, (await send({ path })).status]).toEqual([path, 403])
    }
  })

  test.each([
    '/a%2fadmin',
    '/a%5Cadmin',
  ])('the escaped slash in %s is refused before the check', async (path) => {
    expect((await send({ path })).status).toBe(400)
    expect(site().authz.checks).toEqual([])
  })

  test.each(REFUSED_BY_ENVOY)('%s is refused before the check', async (_, head, status) => {
    const line = await firstLine(site().port, `${head}\r\n\r\n`, credentials?.())
    expect(line).toContain(` ${status} `)
    expect(site().authz.checks).toEqual([])
  })

  test('a header with an underscore is refused before the check', async () => {
    // HTTP/1.1 ends with 400, HTTP/2 with a reset stream.
    const status = await send({ headers: [['x_vigil_subject', 'mallory']] }).then(
      (r) => r.status,
      () => 400,
    )
    expect(status).toBe(400)
    expect(site().authz.checks).toEqual([])
  })

  test('Vigil and the application see one spelling of the path', async () => {
    const response = await send({ path: '/public/../admin//x' })
    expect(JSON.parse(response.body)).toMatchObject({ url: '/admin/x' })
    expect(site().authz.checks[0]).toContain('/admin/x')
    expect(site().authz.checks[0]).not.toContain('..')
  })

  test("a client's x-forwarded-client-cert is dropped", async () => {
    const response = await send({
      headers: [['x-forwarded-client-cert', 'URI=spiffe://vigil.example/forged']],
    })
    expect(response.body).not.toContain('forged')
    expect(site().authz.checks[0]).not.toContain('forged')
  })

  test('without Vigil: 503, and allowed again soon after it is back', async () => {
    await site().authz.stop()
    expect((await send()).status).toBe(503)
    const back = await startStubAuthz(site().vigilPort)
    back.verdict = 'allow'
    site().authz = back
    await waitUntil('allowed again', 10_000, async () => (await send()).status === 200)
  }, 20_000)
}

const HEADER_PAIR = [
  ['x-twice', 'one'],
  ['x-twice', 'two'],
] as const

type Patience = {
  timeout: string
  retry_policy: { num_retries: number; retry_back_off: { max_interval: string } }
}

/** How long the ext_authz filters of a bootstrap wait. */
function patienceIn(node: unknown): Patience[] {
  if (typeof node !== 'object' || node === null) return []
  const own = 'grpc_service' in node ? [node.grpc_service as Patience] : []
  return [...own, ...Object.values(node).flatMap(patienceIn)]
}

const deadlineIn = (fixed: unknown) => staticSettings.parse(fixed).server.deadlineMs
const readYaml = (path: string): unknown => parse(readFileSync(path, 'utf8'))

test.each([
  [EDGE, {}],
  [SIDECAR, {}],
  [DEMO, readYaml(join(ROOT, 'envoy', 'demo', 'static.yaml'))],
])('%s waits longer than Vigil may take, in each try, and long enough for all tries', (file, fixed) => {
  const milliseconds = (duration: string) => Number.parseFloat(duration) * 1000
  const found = patienceIn(readYaml(file))
  expect(found).not.toEqual([])
  for (const { timeout, retry_policy: retry } of found) {
    const perTry = milliseconds(retry.retry_back_off.max_interval)
    expect(perTry).toBeGreaterThan(deadlineIn(fixed))
    expect((1 + retry.num_retries) * perTry).toBeLessThan(milliseconds(timeout))
  }
})

for (const version of ENVOY_VERSIONS) {
  describeWithEnvoy('shipped bootstraps', version, (binary) => {
    test.each([EDGE, SIDECAR])('%s is valid and uses nothing deprecated', (file) => {
      const args = ['--mode', 'validate', '-c', file, '--log-level', 'warning']
      const said = execFileSync('/bin/sh', ['-c', '"$0" "$@" 2>&1', binary, ...args], {
        cwd: folder,
        encoding: 'utf8',
      })
      expect(said).toContain('OK')
      expect(said).not.toMatch(/deprecated/i)
    })

    describe('edge', () => {
      let site: Site
      beforeAll(async () => {
        site = await startSite(EDGE, binary)
      }, 30_000)
      afterAll(() => stopSite(site))
      const send: Send = (request = {}) => sendHttp2({ port: site.port, tls: tls(), ...request })

      guards(
        () => site,
        send,
        () => tls(),
      )

      test('a client certificate is optional and names the caller to Vigil', async () => {
        await send()
        expect(site.authz.checks.at(-1)).not.toContain('CERTIFICATE')
        await send({ tls: tls('client') })
        expect(site.authz.checks.at(-1)).toContain('spiffe://vigil.example/client')
        expect(site.authz.checks.at(-1)).toContain('BEGIN%20CERTIFICATE')
      })

      test('a client certificate of somebody else is refused in the handshake', async () => {
        await expect(send({ tls: tls('stranger') })).rejects.toThrow()
        expect(site.authz.checks).toEqual([])
      })

      test('HTTP/1.1 works too', async () => {
        expect((await sendHttp1({ port: site.port, tls: tls() })).status).toBe(200)
      })

      test('identity headers of a client are dropped', async () => {
        const response = await send({
          headers: [
            ['x-vigil-subject', 'mallory'],
            ['x-vigil-hop', 'mallory'],
          ],
        })
        expect(response.status).toBe(200)
        expect(response.body).not.toContain('mallory')
      })

      test('Vigil sees repeated headers apart and bytes as they came', async () => {
        await sendHttp1({ port: site.port, tls: tls(), headers: [...HEADER_PAIR, ['x-bytes', '\xff\xfe']] })
        expect(site.authz.checks[0]).not.toContain('one,two')
        expect(site.authz.checks[0]).toContain('\xff\xfe')
      })

      test.each([
        ['HTTP/1.1', sendHttp1],
        ['HTTP/2', sendHttp2],
      ])('of two cookie lines of %s none is lost, so that a second token is seen', async (_, via) => {
        const headers = [
          ['cookie', 'a=first; t=one'],
          ['cookie', 't=two'],
        ] as const
        await via({ port: site.port, tls: tls(), headers })
        expect(site.authz.checks[0]).toContain('t=one')
        expect(site.authz.checks[0]).toContain('t=two')
      })

      test('the TCP peer is appended to x-forwarded-for', async () => {
        const response = await send({ headers: [['x-forwarded-for', '192.0.2.7']] })
        // For a peer on loopback Envoy writes this machine's own address.
        expect(JSON.parse(response.body).headers['x-forwarded-for']).toMatch(/^192\.0\.2\.7,[0-9a-f.:]+$/)
      })
    })

    describe('edge with what docs/actions.md says about requests without a credential', () => {
      let site: Site
      beforeAll(async () => {
        site = await startSite(EDGE, binary, openFor(snippetOf(ACTIONS_PAGE)))
      }, 30_000)
      afterAll(() => stopSite(site))
      beforeEach(() => {
        site.authz.verdict = 'deny'
        site.authz.checks.length = 0
      })
      const ORIGIN = 'https://app.example.com'
      const send: Send = (request = {}) => sendHttp2({ port: site.port, tls: tls(), ...request })
      const preflight = (origin: string) =>
        send({
          method: 'OPTIONS',
          path: '/v1/accounts',
          headers: [
            ['origin', origin],
            ['access-control-request-method', 'POST'],
          ],
        })

      test('a preflight of the known origin is answered without a check', async () => {
        const response = await preflight(ORIGIN)
        expect(response.status).toBe(200)
        expect(response.value('access-control-allow-origin')).toBe(ORIGIN)
        expect(response.value('access-control-allow-headers')).toContain('dpop')
        expect(site.authz.checks).toEqual([])
      })

      test('a preflight of another origin is checked', async () => {
        expect((await preflight('https://elsewhere.example')).status).toBe(403)
        expect(site.authz.checks).toHaveLength(1)
      })

      test('the public path passes without a check and without forged identity', async () => {
        const response = await send({ path: '/healthz', headers: [['x-vigil-subject', 'mallory']] })
        expect(response.status).toBe(200)
        expect(response.body).not.toContain('mallory')
        expect(site.authz.checks).toEqual([])
      })

      test.each([
        '/healthz/x',
        '/healthz/../admin',
        '/HEALTHZ',
        '/healthz;a',
        '/v1/accounts',
      ])('%s is checked, and its refusal can be read by the origin', async (path) => {
        const response = await send({ path, headers: [['origin', ORIGIN]] })
        expect(response.status).toBe(403)
        expect(response.value('access-control-allow-origin')).toBe(ORIGIN)
        expect(response.value('access-control-expose-headers')).toContain('www-authenticate')
        expect(site.authz.checks).toHaveLength(1)
      })

      test('nothing in it is deprecated', () => {
        expect(site.envoy.logs()).not.toMatch(/deprecated/i)
      })
    })

    describe('sidecar', () => {
      let site: Site
      beforeAll(async () => {
        site = await startSite(SIDECAR, binary)
      }, 30_000)
      afterAll(() => stopSite(site))
      const send: Send = (request = {}) => sendHttp1({ port: site.port, ...request })

      guards(() => site, send)

      test('Vigil gets the map form: repeats joined, x-forwarded-for as the gateway wrote it', async () => {
        const response = await send({ headers: [...HEADER_PAIR, ['x-forwarded-for', '192.0.2.7']] })
        expect(site.authz.checks[0]).toMatch(/one, ?two/)
        expect(JSON.parse(response.body).headers['x-forwarded-for']).toBe('192.0.2.7')
      })

      test('x-vigil-hop of the gateway reaches Vigil', async () => {
        await send({ headers: [['x-vigil-hop', 'sealed']] })
        expect(site.authz.checks[0]).toContain('sealed')
      })
    })
  })
}
