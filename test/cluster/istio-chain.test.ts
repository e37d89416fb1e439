/** Gateways and sidecars that ask about the same request, and the attachment by EnvoyFilter: real istiod, real Envoys. */
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import type { Envoy } from '../harness/envoy.ts'
import { boundHeaders, mintNow } from '../harness/live.ts'
import { freePorts } from '../harness/ports.ts'
import { runProbe } from '../harness/probe.ts'
import { makeSigner } from '../harness/proofs.ts'
import { issuerOf, keys } from '../harness/tokens.ts'
import { describeWithIstio } from '../harness/tools.ts'
import { waitUntil } from '../harness/wait.ts'
import { expectDone } from './harness/cluster.ts'
import { type Got, known } from './harness/decisions.ts'
import { ownAddress, type Workload } from './harness/istio.ts'
import { type Mesh, pointToVigil, startMesh, tellVersions } from './harness/istio-mesh.ts'
import {
  gateway,
  luaFilter,
  REACHES_VIGIL,
  service,
  sidecar,
  workloadEntry,
} from './harness/istio-objects.ts'

const ORIGIN = 'https://api.example.com'
const READ = '/v1/items'
/** What begins as `exceptPaths` say, and what an application could read as another path all the same. */
const EXCEPTED = ['/assets/logo.svg', '/assets/a%20b.png?../', '/assets/caf%C3%A9/..a/b..svg', '/assets/.a']
const LEADING_OUT = [
  '/assets/..',
  ...['/assets/%2E%2E/v1/items', '/assets/.%2e/v1/items', '/assets/..\\v1/items', '/assets//..//v1/items'],
  ...['/assets/%252e%252e%252fv1/items', '/assets/..%255cv1/items'],
  ...['/assets/..;/v1/items', '/assets/..;a=b/v1/items'],
].map((path) => [path, 401] as const)
/** Vigil is asked about these, too, and decides about no path that can be read in two ways. */
const MALFORMED = [
  ...['/assets/..%2fv1/items', '/assets/..%2Fv1/items', '/assets/..%5cv1/items', '/assets/%2e%2e%2fv1/items'],
  ...['/assets/..%3b/v1/items', '/assets/..%u002fv1/items'],
  ...['/assets/%c0%ae%c0%ae/v1/items', '/assets/..%c0%afv1/items'],
].map((path) => [path, 400] as const)

const workload = (kind: Workload['kind'], namespace: string, name: string, more: object = {}): Workload => ({
  ...{ kind, namespace, name, address: ownAddress() },
  // Gateways as the Gateway API has them: policies find them by name.
  labels: kind === 'router' ? { 'gateway.networking.k8s.io/gateway-name': name } : { app: name, ...more },
})
/** Asked by a CUSTOM policy each. */
const PUBLIC = workload('router', 'ingress', 'public')
const ITEMS = workload('sidecar', 'shop', 'items')
/** Asked by an EnvoyFilter each. */
const PARTNERS = workload('router', 'ingress', 'partners')
const ORDERS = workload('sidecar', 'shop', 'orders')
/** Asked by two EnvoyFilters, which find it by other labels and except other paths. */
const STOCK = workload('sidecar', 'shop', 'stock', { tier: 'back' })
const NAMES = ['public', 'items', 'partners', 'orders', 'stock'] as const
type Name = (typeof NAMES)[number]

const custom = ({ kind, name, namespace, labels }: Workload) => ({
  ...{ name, namespace },
  ...(kind === 'router' ? { targetRefs: [{ kind: 'Gateway', name }] } : { selector: labels }),
})
const filter = (each: Workload) => ({
  ...custom(each),
  context: each.kind === 'router' ? 'GATEWAY' : 'SIDECAR_INBOUND',
  exceptPaths: ['/healthz', '/assets/*'],
  contextExtensions: { envoy: each.name },
})
const twoFilters = [
  { ...filter(STOCK), selector: { app: 'stock' }, exceptPaths: ['/healthz', '/both'] },
  { ...filter(STOCK), name: 'back', selector: { tier: 'back' }, exceptPaths: ['/metrics', '/both'] },
]

const dynamic = (ports: Readonly<Record<Name, number>>) => {
  const edge = { externalOrigins: [ORIGIN] }
  const inside = { ...edge, role: 'inside', trustedProxies: 1, envoyAppends: false }
  return {
    entrypoints: [
      { name: 'public', match: { port: ports.public }, ...edge },
      { name: 'items', match: { port: ports.items }, ...inside },
      { name: 'partners', match: { extension: { envoy: 'partners' } }, ...edge },
      { name: 'orders', match: { extension: { envoy: 'orders' } }, ...inside },
      { name: 'stock', match: { extension: { envoy: 'stock' } }, ...inside },
    ],
    identity: { issuers: [issuerOf({ cookie: { name: '__Host-session' } })] },
    actions: [
      { name: 'read', match: { paths: [READ] }, sensitivity: 'low' },
      {
        ...{ name: 'pay', match: { paths: ['/v1/payments'] }, sensitivity: 'low' },
        authentication: { acr: ['phr'], maxAgeSeconds: 300 },
      },
    ],
    enforcement: { loginUrl: '/login?acr={acr}&return_to={return_to}' },
  }
}

const valuesFor = (ports: Readonly<Record<Name, number>>) => ({
  tls: { mode: 'mesh' },
  lifecycle: { preStopSleepSeconds: 1 },
  // One pod, so that its memory knows every proof.
  replicaCount: 1,
  // Without mutual TLS nobody has a principal that could be told apart.
  acknowledge: { anyCaller: true },
  attach: {
    istio: { enabled: true, policies: [custom(PUBLIC), custom(ITEMS)] },
    envoyFilter: {
      enabled: true,
      policies: [filter(PARTNERS), filter(ORDERS), ...twoFilters],
    },
  },
  config: {
    static: { server: { drainDelaySeconds: 0, drainTimeoutSeconds: 5 } },
    dynamic: dynamic(ports),
  },
})

/** Tokens are verified before Vigil is asked, where they are Bearer tokens. */
const requestAuthentication = ({ name, namespace, labels }: Workload) => ({
  apiVersion: 'security.istio.io/v1',
  kind: 'RequestAuthentication',
  metadata: { name, namespace },
  spec: {
    selector: { matchLabels: labels },
    jwtRules: [
      {
        ...{ issuer: 'https://idp.example.com', forwardOriginalToken: true },
        jwks: JSON.stringify({ keys: [keys.es256.jwk] }),
      },
    ],
  },
})

// biome-ignore lint/suspicious/noExplicitAny: what Envoy dumps, only Envoy knows whole
type Dumped = Record<string, any>

let mesh: Mesh
let ports: Readonly<Record<Name, number>>
let orders: Envoy

const get = (at: Name, path: string, headers?: Record<string, string>) => mesh.get(ports[at], path, headers)
const becomes = (at: Name, status: number, headers?: Record<string, string>) =>
  mesh.becomes(ports[at], status, headers)
const probe = (at: Name) => runProbe('--attachment', `http://127.0.0.1:${ports[at]}`, '--wait', '0')
const bound = async () => boundHeaders(await makeSigner('ES256'), READ)

/** Who has refused, and for which first reason. */
async function refusal(got: Got): Promise<readonly [number, string, string | undefined]> {
  const { entrypoint, decision } = await mesh.recordBehind(got)
  return [got.status, entrypoint, decision.reasons[0]]
}

/** Names of the filters through which requests to this port go, in their order. */
async function filtersOf(envoy: Envoy, port: number): Promise<string[]> {
  const dump = JSON.parse(await envoy.admin('/config_dump?resource=dynamic_listeners'))
  const listeners = dump.configs.map((each: Dumped) => each['active_state'].listener)
  const own = listeners.find(({ address }: Dumped) => address.socket_address.port_value === port)
  const manager = own.filter_chains[0].filters.find(({ typed_config }: Dumped) => typed_config.http_filters)
  return manager.typed_config.http_filters.map(({ name }: Dumped) => name)
}

const chains: readonly (readonly [string, Name, Name])[] = [
  ['CUSTOM policies', 'public', 'items'],
  ['EnvoyFilters', 'partners', 'orders'],
]

describeWithIstio('Istio, gateway and sidecar', (helm, version) => {
  beforeAll(async () => {
    ports = await freePorts(...NAMES)
    const namespaces = ['ingress', 'shop']
    mesh = await startMesh({ helm, version, values: valuesFor(ports), namespaces, mtls: 'DISABLE' })
    for (const each of [ITEMS, ORDERS, STOCK]) {
      const port = ports[each.name as Name]
      await mesh.apply(
        sidecar(each, { inbound: port, app: mesh.app }),
        service('shop', each.name),
        workloadEntry('shop', each.name, each.labels, '127.0.0.1', { http: port }),
      )
    }
    await mesh.apply(
      ...gateway(PUBLIC, ports.public, 'items.shop'),
      ...gateway(PARTNERS, ports.partners, 'orders.shop'),
      requestAuthentication(ORDERS),
    )
    await pointToVigil(mesh)
    for (const each of [PUBLIC, ITEMS, PARTNERS, STOCK]) await mesh.proxy(each)
    orders = await mesh.proxy(ORDERS)
    for (const name of NAMES) await becomes(name, 401)
    await tellVersions(mesh, orders)
  }, 180_000)

  afterAll(() => mesh?.stop(), 60_000)

  test.each(chains)('%s: one proof passes both, and the hop ends there', async (_, edge) => {
    const { status, seen } = await get(edge, READ, await bound())
    expect(status).toBe(200)
    expect(seen['x-vigil-subject']).toBe('alice')
    expect(Object.keys(seen).filter((name) => name.includes('hop'))).toEqual([])
  })

  test.each(chains)('%s: its replay is refused at either', async (_, edge, inside) => {
    const headers = await bound()
    expect((await get(edge, READ, headers)).status).toBe(200)
    expect(await refusal(await get(edge, READ, headers))).toEqual([401, edge, 'identity.dpop.replayed'])
    expect(await refusal(await get(inside, READ, headers))).toEqual([401, inside, 'identity.dpop.replayed'])
  })

  test.each(chains)('%s: a hop from outside proves nothing', async (_, edge, inside) => {
    const { authorization = '' } = await bound()
    const forged = { authorization, 'x-vigil-hop': 'eyJ2IjoxfQ.Zm9yZ2Vk' }
    expect(await refusal(await get(edge, READ, forged))).toEqual([401, edge, 'identity.dpop.missing'])
    expect(await refusal(await get(inside, READ, forged))).toEqual([401, inside, 'identity.dpop.missing'])
  })

  test.each(chains)('%s: a step-up reaches the caller', async (_, edge) => {
    const asked = await get(edge, '/v1/payments', known())
    expect(asked.status).toBe(401)
    const challenge = asked.value('www-authenticate')
    expect(challenge).toContain('error="insufficient_user_authentication"')
    expect(challenge).toContain('acr_values="phr"')
    const browser = await get(edge, '/v1/payments', {
      ...{ cookie: `__Host-session=${mintNow()}`, 'sec-fetch-mode': 'navigate', 'sec-fetch-site': 'none' },
    })
    expect([browser.status, browser.value('location')]).toEqual([
      302,
      `/login?acr=phr&return_to=${encodeURIComponent(`${ORIGIN}/v1/payments`)}`,
    ])
  })

  test('EnvoyFilters: a known caller passes, with the headers of who it is', async () => {
    const { status, seen } = await get('orders', READ, { ...known(), 'x-vigil-subject': 'mallory' })
    expect([status, seen['x-vigil-subject'], seen['x-vigil-issuer']]).toEqual([
      200,
      'alice',
      'https://idp.example.com',
    ])
  })

  test('EnvoyFilters: what no action names is denied', async () => {
    expect((await refusal(await get('orders', '/other', known())))[0]).toBe(403)
  })

  test('EnvoyFilters: only what is excepted is not asked about', async () => {
    for (const path of ['/healthz', '/healthz?full', ...EXCEPTED]) {
      const { status, seen } = await get('orders', path)
      expect([path, status, seen['x-vigil-decision']]).toEqual([path, 200, undefined])
    }
    for (const path of ['/healthz/', '/healthzz', '/v1/items?/healthz', '/assets', '/assets/../v1/items'])
      expect([path, (await get('orders', path)).status]).toEqual([path, 401])
  })

  const asked = [...LEADING_OUT, ...MALFORMED]
  test.each(asked)('EnvoyFilters: %s leads out of what is excepted: %i by Vigil', async (path, status) => {
    for (const name of ['partners', 'orders'] as const)
      expect(await refusal(await get(name, path))).toEqual([status, name, expect.any(String)])
  })

  test('EnvoyFilters: two that find one workload except only what both except', async () => {
    expect((await get('stock', READ, known())).status).toBe(200)
    expect((await get('stock', '/both')).status).toBe(200)
    for (const path of ['/healthz', '/metrics'])
      expect([path, (await get('stock', path)).status]).toEqual([path, 401])
  })

  test('EnvoyFilters: who shows a bad token is refused by jwt_authn, before Vigil', async () => {
    const forged = mintNow({ key: keys.stranger })
    const { status, body } = await get('orders', READ, { authorization: `Bearer ${forged}` })
    expect([status, body]).toEqual([401, "Jwks doesn't have key to match kid or alg from Jwt"])
  })

  test('EnvoyFilters: the check is the last filter, also after those that others bring later', async () => {
    await mesh.apply(luaFilter(ORDERS))
    const filters = await waitUntil('the filter of another', 10_000, async () => {
      const all = await filtersOf(orders, ports.orders)
      return all.includes('of.another') && all
    })
    expect(filters[0]).toBe('envoy.filters.http.jwt_authn')
    expect(filters.slice(-4)).toEqual([
      'of.another',
      'vigil.excepted',
      'envoy.filters.http.ext_authz',
      'envoy.filters.http.router',
    ])
  })

  test('vigil probe finds each of them attached', async () => {
    for (const name of NAMES) {
      const { code, output } = await probe(name)
      expect([name, output, code]).toEqual([name, expect.stringContaining('ok    attachment'), 0])
    }
  }, 60_000)

  test.each([ITEMS, ORDERS])('a Sidecar that hides Vigil closes all: $name', async (each) => {
    const name = each.name as Name
    const open = { inbound: ports[name], app: mesh.app }
    await mesh.apply(sidecar(each, open, ['./*']))
    await becomes(name, 503, known())
    await mesh.apply(sidecar(each, open, REACHES_VIGIL))
    await becomes(name, 200, known())
  }, 60_000)

  test('each of them answers 503 when Vigil is dead', async () => {
    await mesh.cluster.kubelet.stop()
    for (const name of NAMES) expect([name, (await get(name, READ, known())).status]).toEqual([name, 503])
    expect((await get('orders', '/healthz')).status).toBe(200)
  }, 60_000)

  test('EnvoyFilters go with the release, and leave the application unguarded', async () => {
    expectDone(await mesh.cluster.helm(helm, 'uninstall', 'vigil', '-n', 'vigil'))
    const { seen } = await becomes('partners', 200)
    expect(seen['x-vigil-decision']).toBeUndefined()
    expect((await probe('partners')).output).toContain('FAIL  attachment: NOT PROTECTED')
  }, 60_000)
})
