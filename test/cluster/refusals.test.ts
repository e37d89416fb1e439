/** What a real API server does with what is wrong, and what never reaches it. */
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { CHART } from '../chart/harness/helm.ts'
import { over } from '../chart/harness/values.ts'
import { describeWithCluster } from '../harness/tools.ts'
import { waitUntil } from '../harness/wait.ts'
import { type Cluster, expectDone, startCluster } from './harness/cluster.ts'
import { contentsOf, differenceOf } from './harness/contents.ts'

const VALUES = {
  replicaCount: 1,
  tls: { mode: 'off' },
  acknowledge: { plaintext: true, anyCaller: true },
  configCheck: { enabled: false },
}

const budget = (spec: object) => ({
  extraObjects: [
    {
      apiVersion: 'policy/v1',
      kind: 'PodDisruptionBudget',
      metadata: { name: 'own' },
      spec: { selector: { matchLabels: { app: 'own' } }, ...spec },
    },
  ],
})

/** Mistakes in values, and what is said about them. */
const MISTAKES: readonly (readonly [string, object, RegExp])[] = [
  ['a value that there is none of', { replicaCuont: 3 }, /replicaCuont/],
  [
    'a misspelt member of a rule',
    { config: { dynamic: { policy: [{ name: 'a', when: 'true', efect: 'deny' }] } } },
    /efect/,
  ],
  ['a memory store for several pods', { replicaCount: 2 }, /acknowledge\.memoryStoreWithReplicas=true/],
  [
    'a combination that cannot work',
    { terminationGracePeriodSeconds: 3 },
    /ends a pod in the middle of its drain/,
  ],
  [
    'an open door that nobody has taken on',
    { attach: { failureMode: 'open' } },
    /acknowledge\.failOpen=true/,
  ],
  [
    'plaintext that nobody has taken on',
    { acknowledge: { plaintext: false } },
    /acknowledge\.plaintext=true/,
  ],
  ...[
    ['secrets.instanceKey', { secrets: { instanceKey: { existingSecret: 'not-there' } } }] as const,
    [
      'store',
      {
        store: { existingSecret: 'not-there', passwordKey: 'password' },
        config: { static: { store: { kind: 'redis', redis: { host: '10.1.2.3' } } } },
      },
    ] as const,
    ['tls', { tls: { mode: 'secret', existingSecret: 'not-there' } }] as const,
    [
      'secrets.otlpHeaders',
      {
        secrets: { otlpHeaders: { existingSecret: 'not-there' } },
        config: { static: { telemetry: { otlp: { url: 'http://10.1.2.3:4318' } } } },
      },
    ] as const,
  ].map(
    ([name, values]) =>
      [
        `a Secret of ${name} that is not there`,
        values,
        new RegExp(`there is no Secret "not-there" in namespace \\S+, which ${name}.existingSecret names`),
      ] as const,
  ),
]

/** The chart, for another Kubernetes than the one that is there. */
function chartForLater(): string {
  const folder = mkdtempSync(join(tmpdir(), 'vigil-later-'))
  cpSync(CHART, folder, { recursive: true })
  const file = join(folder, 'Chart.yaml')
  writeFileSync(file, readFileSync(file, 'utf8').replace(/^kubeVersion:.*$/m, 'kubeVersion: ">=1.99.0-0"'))
  return folder
}

let cluster: Cluster
beforeAll(async () => {
  // The check before an installation runs; the pods themselves are only looked at.
  cluster = await startCluster({
    isMine: (pod) => pod.metadata.labels?.['app.kubernetes.io/component'] === 'check',
  })
  process.stdout.write(`refusals: ${MISTAKES.length} mistakes on Kubernetes ${cluster.version}\n`)
}, 120_000)
afterAll(async () => cluster?.stop(), 60_000)

describeWithCluster('an API server', (helm, which) => {
  const namespace = `wrong-${which}`
  const install = (values: object, ...args: string[]) =>
    cluster.put(helm, 'install', namespace, over(VALUES, values as Record<string, unknown>), ...args)
  const uninstall = () => cluster.helm(helm, 'uninstall', 'vigil', '-n', namespace)

  beforeAll(async () => cluster.namespace(namespace))

  test('keeps out pods with more rights than restricted', async () => {
    expectDone(await install({ securityContext: { allowPrivilegeEscalation: true } }))
    const failure = await waitUntil('a refusal', 20_000, async () => {
      const [set] = await cluster.api.list(`/apis/apps/v1/namespaces/${namespace}/replicasets`)
      return set?.['status'].conditions?.[0]?.message as string | undefined
    })
    expect(failure).toMatch(/violates PodSecurity "restricted:latest".*allowPrivilegeEscalation/)
    expect(await cluster.api.list(`/api/v1/namespaces/${namespace}/pods`)).toEqual([])
    expectDone(await uninstall())
  }, 60_000)

  test('refuses an object that contradicts itself', async () => {
    const { status, stderr } = await install(budget({ minAvailable: 1, maxUnavailable: 1 }))
    expect(status).not.toBe(0)
    expect(stderr).toMatch(/minAvailable and maxUnavailable cannot be both set/)
    await uninstall()
  }, 60_000)

  test('refuses an object with a map where a number belongs', async () => {
    const { status, stderr } = await install(budget({ maxUnavailable: { all: true } }))
    expect(status).not.toBe(0)
    expect(stderr).toMatch(/cannot unmarshal object|IntOrString|intstr/)
    await uninstall()
  }, 60_000)

  // Helm 3 asks for no strict validation: for those who use it, the chart's own tests stand in.
  const outcome = which === 'helm' ? 'refuses' : 'does not refuse (Helm 3 does not ask it to)'
  test(`${outcome} a misspelt field`, async () => {
    const { status, stderr } = await install(budget({ maxUnavailabel: 1 }))
    if (which === 'helm') {
      expect(status).not.toBe(0)
      expect(stderr).toContain('.spec.maxUnavailabel')
    } else expect(status).toBe(0)
    await uninstall()
  }, 60_000)

  test('is asked to install nothing but hook objects when a condition does not compile', async () => {
    const before = await contentsOf(cluster.api, namespace)
    const policy = [{ name: 'broken', when: 'request.pth == ""', effect: 'deny' }]
    const { status } = await install({ configCheck: { enabled: true }, config: { dynamic: { policy } } })
    expect(status).not.toBe(0)
    expect(cluster.kubelet.outputOf(namespace)).toContain('did you mean "path"')
    const changes = differenceOf(before, await contentsOf(cluster.api, namespace))
    expect(changes).toContain('+jobs/vigil-check')
    const allowed = /^\+(secrets\/sh\.helm\.release\.v1\.vigil\.v1$|(configmaps|jobs|pods)\/vigil-check\b)/
    expect(changes.filter((each) => !allowed.test(each))).toEqual([])
    await uninstall()
  }, 60_000)

  test('that does not know certificates of pods is not given any', async () => {
    const { status, stderr } = await install({
      tls: { mode: 'podCertificate', podCertificate: { signerName: 'example.com/services' } },
      acknowledge: { anyCaller: true, plaintext: false },
    })
    expect(status).not.toBe(0)
    expect(stderr).toContain('tls.mode podCertificate is not switched on in this cluster')
    expect(await cluster.api.list(`/api/v1/namespaces/${namespace}/services`)).toEqual([])
  })
})

describeWithCluster('a release that is there', (helm, which) => {
  const namespace = `there-${which}`
  const upgrade = (values: object) =>
    cluster.put(helm, 'upgrade', namespace, over(VALUES, values as Record<string, unknown>))

  beforeAll(async () => {
    await cluster.namespace(namespace)
    expectDone(await cluster.put(helm, 'install', namespace, VALUES))
    await waitUntil('a pod', 20_000, async () => {
      return (await cluster.api.list(`/api/v1/namespaces/${namespace}/pods`)).length === 1
    })
  }, 60_000)

  test.each(MISTAKES)('stays as it is: %s', async (_what, values, says) => {
    const before = await contentsOf(cluster.api, namespace)
    const { status, stderr } = await upgrade(values)
    expect(status).not.toBe(0)
    expect(stderr).toMatch(says)
    expect(differenceOf(before, await contentsOf(cluster.api, namespace))).toEqual([])
  })

  test('stays as it is: a chart for another Kubernetes', async () => {
    const before = await contentsOf(cluster.api, namespace)
    const chart = chartForLater()
    try {
      const { status, stderr } = await cluster.helm(
        helm,
        'upgrade',
        'vigil',
        chart,
        '-n',
        namespace,
        '--reuse-values',
      )
      expect(status).not.toBe(0)
      expect(stderr).toContain(
        `requires kubeVersion: >=1.99.0-0 which is incompatible with Kubernetes ${cluster.version}`,
      )
    } finally {
      rmSync(chart, { recursive: true })
    }
    expect(differenceOf(before, await contentsOf(cluster.api, namespace))).toEqual([])
  })
})
