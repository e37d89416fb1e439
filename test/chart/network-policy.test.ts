/** Whom the configuration makes Vigil ask, it may reach; nobody else. Rules are evaluated as Kubernetes reads them. */
import { expect, test } from '@jest/globals'
import { dynamicSchema, staticSchema } from '../../src/config/reference.ts'
import { discoverSignals, signalsSettings } from '../../src/risk/index.ts'
import { describeWithHelm } from '../harness/tools.ts'
import { type KubeObject, one, render } from './harness/helm.ts'
import { letsIn, letsOut, type Target } from './harness/reach.ts'
import { MINIMAL, over } from './harness/values.ts'

const issuer = (name: string, jwks: object) => ({ issuer: name, audiences: ['a'], jwks })

/** A configuration that names a host in every place where one can be named. */
const EVERYWHERE = over(MINIMAL, {
  config: {
    static: {
      store: { kind: 'redis', redis: { host: 'valkey.store.svc.cluster.local', port: 6380 } },
      telemetry: { otlp: { url: 'http://collector.telemetry.svc:4318/otlp' } },
    },
    dynamic: {
      identity: {
        issuers: [
          issuer('https://discovered.example.com', { discovery: true }),
          issuer('https://with-port.example.com:8443/realm', { discovery: true }),
          issuer('https://only-a-name.example.com', { uri: 'https://keys.example.net/jwks' }),
          issuer('https://by-address.example.com', { uri: 'https://198.51.100.7:9443/jwks' }),
          issuer('https://by-ipv6.example.com', { uri: 'https://[2001:db8::7]/jwks' }),
          issuer('https://inline.example.com', { inline: { keys: [{ kty: 'EC' }] } }),
        ],
        workloads: {
          trustDomains: [
            {
              name: 'mesh.example.com',
              audiences: ['a'],
              jwks: { uri: 'http://spire.spire.svc.cluster.local:8080/keys' },
            },
          ],
        },
      },
      context: {
        device: { posture: { issuers: [issuer('https://mdm.example.org:8444', { discovery: true })] } },
      },
    },
  },
})

/** Where each of those stands. 203.0.113.9 is any address that a name outside the cluster may have. */
const NAMED: readonly (readonly [string, Target])[] = [
  ['the store', { namespace: 'store', port: 6380 }],
  ['the collector', { namespace: 'telemetry', port: 4318 }],
  ['an issuer with discovery', { address: '203.0.113.9', port: 443 }],
  ['an issuer with a port', { address: '203.0.113.9', port: 8443 }],
  ['who vouches for devices', { address: '203.0.113.9', port: 8444 }],
  ['the same over IPv6', { address: '2001:db8::1', port: 8443 }],
  ['a key set by address', { address: '198.51.100.7', port: 9443 }],
  ['a key set by IPv6 address', { address: '2001:db8::7', port: 443 }],
  ['the bundle of a trust domain', { namespace: 'spire', port: 8080 }],
  ['the resolver', { namespace: 'kube-system', port: 53 }],
]

/** A store of another name, and where it stands. */
const STORES: readonly (readonly [string, Target, Target])[] = [
  ['valkey.store', { namespace: 'store', port: 6379 }, { address: '203.0.113.9', port: 6379 }],
  ['valkey', { namespace: 'vigil-system', port: 6379 }, { namespace: 'store', port: 6379 }],
  ['valkey.example.com', { address: '203.0.113.9', port: 6379 }, { namespace: 'example', port: 6379 }],
  ['198.51.100.7', { address: '198.51.100.7', port: 6379 }, { namespace: '7', port: 6379 }],
]

const OTHERS: readonly (readonly [string, Target])[] = [
  ['another port of the store', { namespace: 'store', port: 22 }],
  ['the port of the store elsewhere', { namespace: 'default', port: 6380 }],
  ['the port of the store outside', { address: '203.0.113.9', port: 6380 }],
  ['another address at the port of one', { address: '198.51.100.8', port: 9443 }],
  ['a neighbour of an IPv6 address', { address: '198.51.100.7', port: 22 }],
  ['metadata of the cloud', { address: '169.254.169.254', port: 443 }],
  ['metadata of the cloud by http', { address: '169.254.169.254', port: 80 }],
  ['metadata of the cloud over IPv6', { address: 'fd00:ec2::254', port: 443 }],
  ['metadata of a cloud whose address is public', { address: '168.63.129.16', port: 443 }],
  ['metadata of a cloud whose address is shared', { address: '100.100.100.200', port: 443 }],
  ['link-local neighbours', { address: 'fe80::1', port: 443 }],
  ['http outside', { address: '203.0.113.9', port: 80 }],
  ['the API server of the cluster', { namespace: 'default', port: 6443 }],
]

describeWithHelm('the NetworkPolicy', (helm) => {
  const policy = one(render(helm, EVERYWHERE), 'NetworkPolicy')

  test.each(NAMED)('lets out to %s', (_, target) => expect(letsOut(policy, target)).toBe(true))
  test.each(OTHERS)('does not let out to %s', (_, target) => expect(letsOut(policy, target)).toBe(false))

  test.each(STORES)('lets out to the store %s alone', (host, there, elsewhere) => {
    const values = over(MINIMAL, { config: { static: { store: { redis: { host } } } } })
    const own = one(render(helm, values), 'NetworkPolicy')
    expect([letsOut(own, there), letsOut(own, elsewhere)]).toEqual([true, false])
  })

  test('lets out to Sentinels, and to the servers that they tell of', () => {
    const redis = {
      sentinel: { name: 'main', nodes: ['s-0.sentinel.store.svc:26379', 's-1.sentinel.store.svc:26379'] },
    }
    const values = over(MINIMAL, { config: { static: { store: { redis } } } })
    const own = one(render(helm, values), 'NetworkPolicy')
    for (const port of [26_379, 6379]) expect(letsOut(own, { namespace: 'store', port })).toBe(true)
    expect(letsOut(own, { namespace: 'store', port: 22 })).toBe(false)
    expect(letsOut(own, { namespace: 'default', port: 26_379 })).toBe(false)
  })

  test('lets out to the nodes of a cluster, wherever they stand', () => {
    const redis = {
      cluster: { nodes: ['redis-0.redis.store.svc:6380', '192.0.2.7:7000', '[2001:db8::7]:7001'] },
    }
    const values = over(MINIMAL, { config: { static: { store: { redis } } } })
    const own = one(render(helm, values), 'NetworkPolicy')
    const there: Target[] = [
      { namespace: 'store', port: 6380 },
      { address: '192.0.2.7', port: 7000 },
      { address: '2001:db8::7', port: 7001 },
    ]
    expect(there.map((target) => letsOut(own, target))).toEqual([true, true, true])
    expect(letsOut(own, { namespace: 'store', port: 6379 })).toBe(false)
    expect(letsOut(own, { address: '192.0.2.8', port: 7000 })).toBe(false)
  })

  test('takes an issuer of two words for one outside, even beside a store of that name', () => {
    const host = 'idp.test'
    const issuers = [issuer(`https://${host}`, { discovery: true })]
    const both = { static: { store: { redis: { host } } }, dynamic: { identity: { issuers } } }
    const own = one(render(helm, over(MINIMAL, { config: both })), 'NetworkPolicy')
    expect(letsOut(own, { address: '203.0.113.9', port: 443 })).toBe(true)
    expect(letsOut(own, { namespace: 'test', port: 443 })).toBe(false)
    expect(letsOut(own, { namespace: 'test', port: 6379 })).toBe(true)
  })

  test('lets nobody out when nothing is named', () => {
    const alone = { replicaCount: 1, tls: { mode: 'off' }, acknowledge: { plaintext: true } }
    const { egress } = one(render(helm, alone), 'NetworkPolicy')['spec']
    expect(egress).toHaveLength(1)
    expect(egress[0].ports.map(({ port }: { port: number }) => port)).toEqual([53, 53])
  })

  test('narrows a host to where the operator says it stands', () => {
    const narrowed = over(EVERYWHERE, {
      networkPolicy: {
        hosts: {
          'with-port.example.com': { to: [{ ipBlock: { cidr: '192.0.2.0/24' } }] },
          'valkey.store.svc.cluster.local': { ports: [{ port: 16379 }] },
        },
      },
    })
    const own = one(render(helm, narrowed), 'NetworkPolicy')
    expect(letsOut(own, { address: '192.0.2.5', port: 8443 })).toBe(true)
    expect(letsOut(own, { address: '203.0.113.9', port: 8443 })).toBe(false)
    expect(letsOut(own, { namespace: 'store', port: 16379 })).toBe(true)
    expect(letsOut(own, { namespace: 'store', port: 6380 })).toBe(false)
  })

  test('lets keys be fetched by https when the chart does not see the issuers', () => {
    const own = one(render(helm, over(MINIMAL, { existingConfigMap: 'own' })), 'NetworkPolicy')
    expect(letsOut(own, { address: '203.0.113.9', port: 443 })).toBe(true)
    expect(letsOut(own, { address: '169.254.169.254', port: 443 })).toBe(false)
  })

  test('lets in only who is named, only where they have business', () => {
    const own = one(
      render(
        helm,
        over(MINIMAL, {
          networkPolicy: {
            callers: [{ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'ingress' } } }],
          },
        }),
      ),
      'NetworkPolicy',
    )
    expect(letsIn(own, { namespace: 'ingress', port: 9000 })).toBe(true)
    expect(letsIn(own, { namespace: 'ingress', port: 9090 })).toBe(false)
    expect(letsIn(own, { namespace: 'monitoring', port: 9090 })).toBe(true)
    expect(letsIn(own, { namespace: 'monitoring', port: 9000 })).toBe(false)
    expect(letsIn(own, { namespace: 'default', port: 9000 })).toBe(false)
    expect(letsIn(own, { namespace: 'default', port: 9090 })).toBe(false)
  })

  test('opens what a mesh needs only in a mesh', () => {
    const plain = over(EVERYWHERE, { tls: { mode: 'off' }, acknowledge: { plaintext: true } })
    const without = one(render(helm, plain), 'NetworkPolicy')
    const istiod = { namespace: 'istio-system', port: 15012 }
    const tunnel = { namespace: 'store', port: 15008 }
    expect([letsOut(policy, istiod), letsOut(policy, tunnel)]).toEqual([true, true])
    expect([letsOut(without, istiod), letsOut(without, tunnel)]).toEqual([false, false])
  })

  test('lets the kubelet and Prometheus in as an ambient mesh brings them, and only there', () => {
    const ways: Target[] = [
      { address: '169.254.7.127', port: 9090 },
      { address: 'fd16:9254:7127:1337:ffff:ffff:ffff:ffff', port: 9090 },
      { namespace: 'monitoring', port: 15008 },
    ]
    const closed: Target[] = [
      { address: '169.254.7.127', port: 9000 },
      { address: '169.254.7.127', port: 15008 },
      { address: '169.254.7.128', port: 9090 },
      { namespace: 'default', port: 15008 },
    ]
    const into = (own: KubeObject, targets: Target[]) => targets.map((target) => letsIn(own, target))
    expect(into(policy, ways)).toEqual([true, true, true])
    expect(into(policy, closed)).toEqual([false, false, false, false])
    for (const other of [
      { tls: { mode: 'off' }, acknowledge: { plaintext: true } },
      { networkPolicy: { mesh: { tunnelPort: 0 } } },
    ]) {
      const without = one(render(helm, over(EVERYWHERE, other)), 'NetworkPolicy')
      expect(into(without, ways)).toEqual([false, false, false])
      expect(letsIn(without, { namespace: 'monitoring', port: 9090 })).toBe(true)
    }
  })

  test('lets the dev store be reached by Vigil alone', () => {
    const objects = render(
      helm,
      over(MINIMAL, { config: { static: { store: undefined } }, devStore: { enabled: true } }),
    )
    const { ingress, egress } = one(objects, 'NetworkPolicy', 'vigil-dev-store')['spec']
    const { selector } = one(objects, 'Deployment')['spec']
    expect(ingress).toEqual([{ from: [{ podSelector: selector }], ports: [{ protocol: 'TCP', port: 6379 }] }])
    expect(egress).toBeUndefined()
  })
})

/** Paths of a JSON schema whose last key says where something stands. */
function placesIn(schema: unknown, path = ''): string[] {
  if (typeof schema !== 'object' || schema === null) return []
  const { properties = {}, items, anyOf = [], oneOf = [] } = schema as Record<string, never>
  return [
    ...Object.entries(properties).flatMap(([key, member]) => {
      const at = `${path}.${key}`
      const own = /^(uri|url|host|nodes|discovery|endpoints?|address)$/i.test(key) ? [at] : []
      return [...own, ...placesIn(member, at)]
    }),
    ...placesIn(items, `${path}[]`),
    ...[...(anyOf as unknown[]), ...(oneOf as unknown[])].flatMap((each) => placesIn(each, path)),
  ]
}

test('every setting that names a host is known to the egress rules: a new one needs a rule and a line here', async () => {
  const signals = signalsSettings(await discoverSignals())
  const found = [...placesIn(staticSchema(), 'static'), ...placesIn(dynamicSchema(signals), 'dynamic')]
  expect(found.sort()).toEqual([
    'dynamic.context.device.posture.issuers[].jwks.discovery',
    'dynamic.context.device.posture.issuers[].jwks.uri',
    'dynamic.identity.issuers[].jwks.discovery',
    'dynamic.identity.issuers[].jwks.uri',
    'dynamic.identity.workloads.trustDomains[].jwks.discovery',
    'dynamic.identity.workloads.trustDomains[].jwks.uri',
    'static.store.redis.cluster.nodes',
    'static.store.redis.host',
    'static.store.redis.sentinel.nodes',
    'static.telemetry.otlp.url',
  ])
})
