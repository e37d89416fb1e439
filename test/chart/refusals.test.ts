/** Combinations that cannot work or are a risk: refused before anything reaches a cluster, with what to do. */
import { expect, test } from '@jest/globals'
import { ownSchema } from '../../scripts/chart/schema.ts'
import { describeWithHelm } from '../harness/tools.ts'
import { refusal } from './harness/helm.ts'
import { type Accepted, describeRefusals, type Refused } from './harness/refuse.ts'
import { MINIMAL, over } from './harness/values.ts'

interface Section {
  readonly properties?: Readonly<Record<string, Section>>
}

const CALLERS = { server: { callers: ['spiffe://mesh/ns/ingress/sa/gateway'] } }
const CALLER = 'cluster.local/ns/ingress/sa/gateway'
const GUARDED = { name: 'gateway', namespace: 'ingress', selector: { istio: 'ingress' } }
const GATEWAY = { kind: 'Gateway', name: 'eg' }
const ROUTE = { kind: 'HTTPRoute', name: 'shop' }
const PUBLIC = { name: 'public', namespace: 'apps', targetRefs: [GATEWAY] }
const istio = (more: object = {}) => ({
  attach: { istio: { enabled: true, policies: [GUARDED], callers: [CALLER], ...more } },
})
/** In a mesh, which does not matter here. */
const envoyGateway = (more: object = {}) => ({
  acknowledge: { plaintext: true },
  attach: {
    envoyGateway: { enabled: true, policies: [PUBLIC], ...more },
  },
})
const TLS = { mode: 'secret', existingSecret: 'vigil-tls' }
const inline = (member: object) => ({
  issuer: 'https://idp.example.com',
  audiences: ['a'],
  jwks: { inline: { keys: [{ kty: 'EC', ...member }] } },
})

/** Values laid over the minimal ones, and what the refusal tells to do. */
const REFUSED: Refused = [
  [
    'a memory store that several pods would not share',
    { config: { static: { store: { kind: 'memory', redis: undefined } } } },
    /devStore.enabled=true or replicaCount=1/,
  ],
  [
    'a memory store that scales',
    {
      config: { static: { store: { kind: 'memory', redis: undefined } } },
      replicaCount: 1,
      autoscaling: { enabled: true, minReplicas: 1 },
    },
    /acknowledge.memoryStoreWithReplicas=true/,
  ],
  [
    'Redis without a place',
    { config: { static: { store: { redis: undefined } } } },
    /give config.static.store.redis.host/,
  ],
  ['two stores', { devStore: { enabled: true } }, /the dev store is the store; take one of them out/],
  [
    'a Secret for a store that there is none of',
    {
      store: { existingSecret: 's', passwordKey: 'p' },
      config: { static: { store: undefined } },
      replicaCount: 1,
    },
    /set config.static.store.kind=redis, or leave it out/,
  ],
  ['keys of no Secret', { store: { passwordKey: 'p' } }, /give store.existingSecret/],
  [
    'a password for Sentinels that there are not',
    {
      config: { static: { store: { kind: 'redis', redis: { host: 'h' } } } },
      store: { existingSecret: 's', sentinelPasswordKey: 'p' },
    },
    /give config.static.store.redis.sentinel/,
  ],
  ['a Secret without keys', { store: { existingSecret: 's' } }, /give store.passwordKey or store.caKey/],
  [
    'callers behind a mesh',
    { config: { static: CALLERS } },
    /needs tls.mode=secret, certManager, .*: with tls.mode=mesh/,
  ],
  [
    'certificates by path',
    { config: { static: { server: { tls: { certFile: 'a', keyFile: 'b' } } } } },
    /set tls.mode=secret and tls.existingSecret instead/,
  ],
  [
    'a y without quotes, as YAML 1.1 reads it',
    { config: { dynamic: { identity: { issuers: [inline({ true: 'b' })] } } } },
    /identity.issuers\[0\].jwks.inline.keys\[0\] has a member true, .* write "y"/,
  ],
  [
    'an n without quotes, as YAML 1.1 reads it',
    { config: { dynamic: { context: { device: { posture: { issuers: [inline({ false: 'b' })] } } } } } },
    /posture.issuers\[0\].jwks.inline.keys\[0\] has a member false, .* write "n"/,
  ],
  [
    'a y of a trust domain',
    {
      config: {
        dynamic: {
          identity: {
            workloads: {
              trustDomains: [{ name: 'mesh', audiences: ['a'], jwks: inline({ true: 'b' }).jwks }],
            },
          },
        },
      },
    },
    /workloads.trustDomains\[0\].* write "y"/,
  ],
  ['plaintext', { tls: { mode: 'off' } }, /set acknowledge.plaintext=true/],
  ['plaintext, as YAML 1.1 reads it', { tls: { mode: false } }, /set acknowledge.plaintext=true/],
  [
    'observe mode',
    { config: { dynamic: { enforcement: { mode: 'observe' } } } },
    /config.static.acknowledge.observe=true/,
  ],
  [
    'observe mode of a tenant',
    { config: { dynamic: { enforcement: { tenants: { acme: 'observe' } } } } },
    /acknowledge.observe=true/,
  ],
  [
    'observe mode of a host',
    { config: { dynamic: { enforcement: { hosts: { 'a.example.com': 'observe' } } } } },
    /acknowledge.observe=true/,
  ],
  [
    'observe mode of an entrypoint',
    { config: { dynamic: { entrypoints: [{ name: 'a', mode: 'observe' }] } } },
    /acknowledge.observe=true/,
  ],
  [
    'two sources of vigil.yaml',
    { existingConfigMap: 'own', config: { dynamic: { actions: [], unknownAction: {} } } },
    /existingConfigMap and config.dynamic .* contradict/,
  ],
  [
    'a listener that no pod reaches',
    { config: { static: { server: { listen: ['unix:/run/vigil.sock'] } } } },
    /add 0.0.0.0:9000/,
  ],
  [
    'checks on the loopback',
    { config: { static: { server: { listen: ['127.0.0.1:9000'] } } } },
    /nobody outside the pod reaches 127.0.0.1:9000: listen on 0.0.0.0/,
  ],
  [
    'probes on the loopback',
    { config: { static: { probes: { listen: 'localhost:9090' } } } },
    /nobody outside the pod reaches localhost:9090/,
  ],
  [
    'probes on a socket',
    { config: { static: { probes: { listen: 'unix:/run/probes.sock' } } } },
    /which kubelet cannot ask: write 0.0.0.0:9090/,
  ],
  [
    'one port for two',
    { config: { static: { probes: { listen: '0.0.0.0:9000' } } } },
    /cannot share port 9000/,
  ],
  ['a grace period shorter than the drain', { terminationGracePeriodSeconds: 20 }, /give at least 35, or 0/],
  [
    'a longer drain than the grace period',
    { terminationGracePeriodSeconds: 40, config: { static: { server: { drainTimeoutSeconds: 60 } } } },
    /give at least 75, or 0/,
  ],
  [
    'a budget that says two things',
    { podDisruptionBudget: { minAvailable: 1 } },
    /set podDisruptionBudget.maxUnavailable to ""/,
  ],
  ['fail-open', { attach: { failureMode: 'open' } }, /set acknowledge.failOpen=true/],
  [
    'an Envoy that does not wait for the answer',
    { attach: { ...istio().attach, timeoutMs: 150 } },
    /more than config.static.server.deadlineMs \(150\)/,
  ],
  [
    'an Envoy that does not wait for a longer deadline',
    { ...envoyGateway(), config: { static: { server: { deadlineMs: 900 } } } },
    /deadlineMs \(900\)/,
  ],
  [
    'a target that Istio cannot guard',
    istio({
      policies: [{ ...GUARDED, selector: undefined, targetRefs: [{ kind: 'HTTPRoute', name: 'shop' }] }],
    }),
    /the policy gateway of attach.istio names a HTTPRoute, .* targetRefs take Gateway, GatewayClass, Service, ServiceEntry/,
  ],
  [
    'a target that Envoy Gateway asks nobody about',
    envoyGateway({ policies: [{ ...PUBLIC, targetRefs: [GATEWAY, { kind: 'TCPRoute', name: 'db' }] }] }),
    /the policy public of attach.envoyGateway names a TCPRoute, .* Gateway, ListenerSet, HTTPRoute, GRPCRoute/,
  ],
  [
    'a target of a group that it is not of',
    envoyGateway({ policies: [{ ...PUBLIC, targetRefs: [{ ...GATEWAY, group: 'networking.istio.io' }] }] }),
    /names a Gateway of the group "networking.istio.io", .* the group is "gateway.networking.k8s.io"/,
  ],
  [
    'a target of Istio of a group that it is not of',
    istio({
      policies: [{ ...GUARDED, selector: undefined, targetRefs: [{ ...GATEWAY, group: 'apps' }] }],
    }),
    /names a Gateway of the group "apps"/,
  ],
  ['Istio without a policy', istio({ policies: [] }), /give attach.istio.policies/],
  [
    'a policy for nobody',
    istio({ policies: [{ ...GUARDED, selector: undefined }] }),
    /the policy gateway of attach.istio needs one of selector/,
  ],
  ['a policy for two', istio({ policies: [{ ...GUARDED, targetRefs: [GATEWAY] }] }), /needs one of selector/],
  [
    'Istio with certificates of Vigil',
    { ...istio(), tls: TLS, config: { static: CALLERS } },
    /attach.istio needs tls.mode=mesh/,
  ],
  ['a mesh in which everybody may ask', istio({ callers: [] }), /give attach.istio.callers/],
  [
    'an entrypoint that Istio cannot tell',
    {
      ...istio(),
      config: { dynamic: { entrypoints: [{ name: 'acme', match: { extension: { tenant: 'acme' } } }] } },
    },
    /the entrypoint acme .* use match.port or match.destinationPrincipal, or attach.envoyFilter or attach.envoyGateway/,
  ],
  [
    'an entrypoint of which Envoy Gateway sends nothing',
    {
      ...envoyGateway({
        policies: [
          PUBLIC,
          { ...PUBLIC, name: 'b', targetRefs: [ROUTE], contextExtensions: { tenant: 'other' } },
        ],
      }),
      config: { dynamic: { entrypoints: [{ name: 'acme', match: { extension: { tenant: 'acme' } } }] } },
    },
    /no policy of attach.envoyGateway sends what the entrypoint acme is told by/,
  ],
  ['Envoy Gateway without a policy', envoyGateway({ policies: [] }), /give attach.envoyGateway.policies/],
  [
    'Envoy Gateway without a CA',
    { ...envoyGateway(), tls: TLS, config: { static: CALLERS } },
    /give attach.envoyGateway.tls.caConfigMap/,
  ],
  [
    'a ServiceMonitor without its Service',
    { metrics: { serviceMonitor: { enabled: true } }, service: { headless: false } },
    /set service.headless=true, or use metrics.podMonitor/,
  ],
  [
    'a range that is none',
    { autoscaling: { enabled: true, minReplicas: 5, maxReplicas: 3 } },
    /minReplicas is greater than autoscaling.maxReplicas/,
  ],
  [
    'pods on each node that scale',
    { kind: 'DaemonSet', autoscaling: { enabled: true } },
    /set autoscaling.enabled=false, or kind=Deployment/,
  ],
  [
    'a memory store on each node',
    {
      kind: 'DaemonSet',
      replicaCount: 1,
      config: { static: { store: { kind: 'memory', redis: undefined } } },
    },
    /acknowledge.memoryStoreWithReplicas=true/,
  ],
  [
    'KEDA that counts nothing',
    { autoscaling: { keda: { enabled: true, serverAddress: 'http://p:9090' }, targetChecksInFlight: 5 } },
    /set autoscaling.enabled=true/,
  ],
  [
    'KEDA that asks nobody',
    { autoscaling: { enabled: true, keda: { enabled: true }, targetChecksInFlight: 5 } },
    /give autoscaling.keda.serverAddress and autoscaling.targetChecksInFlight/,
  ],
  [
    'KEDA without a number',
    { autoscaling: { enabled: true, keda: { enabled: true, serverAddress: 'http://p:9090' } } },
    /give autoscaling.keda.serverAddress and autoscaling.targetChecksInFlight/,
  ],
  [
    'Prometheus without KEDA',
    { autoscaling: { enabled: true, keda: { serverAddress: 'http://p:9090' } } },
    /set autoscaling.keda.enabled=true, or leave/,
  ],
]

/** What was done about it, and is accepted then. */
const ACCEPTED: Accepted = [
  ['the minimal values', {}],
  ['a memory store of one pod', { config: { static: { store: undefined } }, replicaCount: 1 }],
  [
    'a memory store of several pods, on purpose',
    { config: { static: { store: undefined } }, acknowledge: { memoryStoreWithReplicas: true } },
  ],
  ['the dev store', { config: { static: { store: undefined } }, devStore: { enabled: true } }],
  ['plaintext, on purpose', { tls: { mode: 'off' }, acknowledge: { plaintext: true } }],
  [
    'observe mode, on purpose',
    { config: { dynamic: { enforcement: { mode: 'observe' } }, static: { acknowledge: { observe: true } } } },
  ],
  ['a ConfigMap of one’s own', { existingConfigMap: 'own' }],
  ['a grace period that fits', { terminationGracePeriodSeconds: 35 }],
  [
    'a drain of no time',
    {
      config: { static: { server: { drainDelaySeconds: 0, drainTimeoutSeconds: 0 } } },
      lifecycle: { preStopSleepSeconds: 0 },
    },
  ],
  ['the other kind of budget', { podDisruptionBudget: { minAvailable: 0, maxUnavailable: '' } }],
  ['Istio', istio()],
  [
    'a mesh in which everybody may ask, on purpose',
    { ...istio({ callers: [] }), acknowledge: { anyCaller: true } },
  ],
  [
    'fail-open, on purpose',
    {
      attach: { ...envoyGateway().attach, failureMode: 'open' },
      acknowledge: { failOpen: true, plaintext: true },
    },
  ],
  [
    'extensions by Envoy Gateway',
    {
      ...envoyGateway({
        policies: [
          PUBLIC,
          { ...PUBLIC, name: 'b', targetRefs: [ROUTE], contextExtensions: { tenant: 'acme', more: 'x' } },
        ],
      }),
      config: { dynamic: { entrypoints: [{ name: 'acme', match: { extension: { tenant: 'acme' } } }] } },
    },
  ],
  [
    'a Unix socket besides',
    { config: { static: { server: { listen: ['unix:/run/vigil.sock', '[::]:9000'] } } } },
  ],
]

describeRefusals(REFUSED, ACCEPTED)

describeWithHelm('the chart refuses', (helm) => {
  test('several faults at once, each with what to do', () => {
    const said = refusal(helm, { tls: { mode: 'off' }, terminationGracePeriodSeconds: 1 })
    expect(said.match(/^- /gm)).toHaveLength(3)
  })

  /** Sections of the values by path, as the schema tells them. */
  const sections = (schema: Section, path = ''): string[] =>
    Object.entries(schema.properties ?? {}).flatMap(([name, member]) => {
      const at = path === '' ? name : `${path}.${name}`
      return member.properties === undefined ? [] : [at, ...sections(member, at)]
    })

  /** Maps whose content is the user’s or the service’s, and that templates look into. */
  const MAPS = [
    'config.static',
    'config.static.server',
    'config.static.probes',
    'config.dynamic',
    'config.policy',
    'networkPolicy.hosts',
  ]

  const paths = [...sections(ownSchema() as Section), ...MAPS]
  const depths = [...new Set(paths.map((path) => path.split('.').length))].sort()

  test.each(depths)('sections of which every line is commented out, each by name, at depth %d', (depth) => {
    const empty = paths.filter((path) => path.split('.').length === depth)
    const nothing = (path: string) =>
      path.split('.').reduceRight<unknown>((below, key) => ({ [key]: below }), null)
    const values = empty.reduce<Record<string, unknown>>(
      (all, path) => over(all, nothing(path) as Record<string, unknown>),
      MINIMAL as Record<string, unknown>,
    )
    const said = refusal(helm, values)
    expect(said).toContain('these sections of the values are empty (null)')
    for (const path of empty) expect(said).toMatch(new RegExp(`[ ,]${path}[,;]`))
  })

  test('a Kubernetes that is too old', () => {
    const said = refusal(helm, MINIMAL, { kubernetes: '1.32.0' })
    expect(said).toContain(
      'chart requires kubeVersion: >=1.33.0-0 which is incompatible with Kubernetes v1.32.0',
    )
  })
})
