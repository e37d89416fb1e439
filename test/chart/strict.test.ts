/** Every object of the chart is one that an API server takes, unknown fields refused: Helm 3 would install a misspelt one. */
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { describeWithSchemas } from '../harness/tools.ts'
import { type KubeObject, one, parseObjects, render } from './harness/helm.ts'
import { sourcesOf, strictly, type Validate, versionsOf } from './harness/strict.ts'
import { MINIMAL, over } from './harness/values.ts'

const CASES = join(import.meta.dirname, 'cases')
const goldens = globSync('*.out.yaml', { cwd: CASES }).sort()

/** Mistakes as they are made, each in an object of its own kind. */
const MISTAKES: readonly (readonly [string, string, (spec: KubeObject['spec']) => void, RegExp])[] = [
  [
    'a misspelt field',
    'PodDisruptionBudget',
    (spec) => {
      spec.maxUnavailabel = 1
    },
    /additional properties .*maxUnavailabel/,
  ],
  [
    'a misspelt field deep inside',
    'Deployment',
    (spec) => {
      spec.template.spec.containers[0].readynessProbe = {}
    },
    /readynessProbe/,
  ],
  [
    'a word in place of a number',
    'Deployment',
    (spec) => {
      spec.replicas = 'two'
    },
    /replicas must be integer/,
  ],
  [
    'a port that is no port',
    'Service',
    (spec) => {
      delete spec.ports[0].port
    },
    /must have required property 'port'/,
  ],
  [
    'a rule of another shape',
    'NetworkPolicy',
    (spec) => {
      spec.egress[0].to[0].namespaceSelector.matchLabel = {}
    },
    /matchLabel/,
  ],
  [
    'an action that there is none of',
    'AuthorizationPolicy',
    (spec) => {
      spec.action = 'CUSTM'
    },
    /action must be equal to one of/,
  ],
  [
    'a field of Istio that is none',
    'DestinationRule',
    (spec) => {
      spec.trafficPolicy.outlierDetection.consecutiveErrs = 5
    },
    /consecutiveErrs/,
  ],
  [
    'a place in Envoy that is none',
    'EnvoyFilter',
    (spec) => {
      spec.configPatches[0].match.context = 'SIDECAR_INBOUNT'
    },
    /context must be equal to one of/,
  ],
  [
    'a field of Envoy Gateway that is none',
    'SecurityPolicy',
    (spec) => {
      spec.extAuth.failopen = true
    },
    /failopen/,
  ],
  [
    'an interval without a unit',
    'ServiceMonitor',
    (spec) => {
      spec.endpoints[0].interval = '15'
    },
    /interval must match pattern/,
  ],
  [
    'a field of KEDA that is none',
    'ScaledObject',
    (spec) => {
      spec.maxReplicas = 3
    },
    /additional properties .*maxReplicas/,
  ],
  [
    'a field of cert-manager that is none',
    'Certificate',
    (spec) => {
      spec.privateKey.rotation = 'Always'
    },
    /additional properties .*rotation/,
  ],
  [
    'a reference without a kind',
    'ReferenceGrant',
    (spec) => {
      delete spec.from[0].kind
    },
    /required property 'kind'/,
  ],
]

const CALLERS = { static: { server: { callers: ['gateway.example.com'] } } }

/** All kinds, those together that go together. */
const EVERYTHING = [
  over(MINIMAL, {
    acknowledge: { plaintext: true },
    attach: {
      istio: {
        enabled: true,
        callers: ['cluster.local/ns/ingress/sa/gateway'],
        policies: [{ name: 'gateway', namespace: 'ingress', selector: { istio: 'ingress' } }],
      },
      envoyFilter: {
        enabled: true,
        callers: ['cluster.local/ns/shop/sa/orders'],
        policies: [
          {
            ...{ name: 'orders', namespace: 'shop', context: 'SIDECAR_INBOUND', selector: { app: 'orders' } },
            ...{ exceptPaths: ['/healthz'], contextExtensions: { tenant: 'acme' } },
          },
        ],
      },
      envoyGateway: {
        enabled: true,
        policies: [{ name: 'public', namespace: 'apps', targetRefs: [{ kind: 'Gateway', name: 'eg' }] }],
      },
    },
    metrics: {
      serviceMonitor: { enabled: true },
      podMonitor: { enabled: true },
      prometheusRule: { enabled: true },
      dashboard: { enabled: true },
    },
    secrets: { instanceKey: { existingSecret: '' } },
    autoscaling: { enabled: true },
  }),
  over(MINIMAL, {
    autoscaling: {
      enabled: true,
      targetChecksInFlight: 8,
      keda: { enabled: true, serverAddress: 'http://p:9090' },
    },
  }),
  over(MINIMAL, {
    config: CALLERS,
    tls: { mode: 'certManager', certManager: { issuerRef: { name: 'ca' } } },
  }),
  over(MINIMAL, { config: CALLERS, tls: { mode: 'spiffeCsi', spiffeCsi: { trustDomain: 'example.org' } } }),
]

describeWithSchemas('an API server takes', (helm, index) => {
  const versions = versionsOf(index)
  process.stdout.write(`schemas: Kubernetes ${versions.join(', ')}; ${sourcesOf(index).join(', ')}\n`)

  // Reading one version takes longer than all that is asked of it.
  const validators = new Map<string, Validate>()
  const of = (version: string): Validate => {
    const validate = validators.get(version) ?? strictly(index, version)
    validators.set(version, validate)
    return validate
  }
  const everything = EVERYTHING.flatMap((values) => render(helm, values))

  test.each(versions)('every golden object, on Kubernetes %s', (version) => {
    const validate = of(version)
    for (const file of goldens)
      for (const object of parseObjects(readFileSync(join(CASES, file), 'utf8')))
        expect({ file, name: object.metadata.name, wrong: validate(object) }).toMatchObject({ wrong: [] })
  })

  test.each(versions)('every kind that the chart knows, on Kubernetes %s', (version) => {
    const validate = of(version)
    for (const values of EVERYTHING)
      for (const object of render(helm, values, { kubernetes: version }))
        expect({ kind: object.kind, wrong: validate(object) }).toEqual({ kind: object.kind, wrong: [] })
  })

  test.each(MISTAKES)('not %s (%s)', (_, kind, spoil, told) => {
    const objects = structuredClone(everything)
    const spoilt = objects.find((object) => object.kind === kind) ?? one(objects, kind)
    spoil(spoilt['spec'])
    expect(of('1.36.3')(spoilt).join('\n')).toMatch(told)
  })
})
