/** What a real API server does with what is wrong. */
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { over } from '../chart/harness/values.ts'
import { describeWithCluster } from '../harness/tools.ts'
import { waitUntil } from '../harness/wait.ts'
import { type Cluster, expectDone, startCluster } from './harness/cluster.ts'

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

let cluster: Cluster
beforeAll(async () => {
  cluster = await startCluster({ isMine: () => false })
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

  test('takes pods as the chart makes them', async () => {
    expectDone(await install({}))
    await waitUntil('a pod', 20_000, async () => {
      return (await cluster.api.list(`/api/v1/namespaces/${namespace}/pods`)).length === 1
    })
    expectDone(await uninstall())
  }, 60_000)

  test('refuses an object that contradicts itself', async () => {
    const { status, stderr } = await install(budget({ minAvailable: 1, maxUnavailable: 1 }))
    expect(status).not.toBe(0)
    expect(stderr).toMatch(/minAvailable and maxUnavailable cannot be both set/)
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

  test.each([
    ['secrets.instanceKey.existingSecret', { secrets: { instanceKey: { existingSecret: 'not-there' } } }],
    [
      'store.existingSecret',
      {
        store: { existingSecret: 'not-there', passwordKey: 'password' },
        config: { static: { store: { kind: 'redis', redis: { host: '10.1.2.3' } } } },
      },
    ],
  ])('is asked for the Secret of %s before anything is installed', async (name, values) => {
    const { status, stderr } = await install(values)
    expect(status).not.toBe(0)
    expect(stderr).toContain(`there is no Secret "not-there" in namespace ${namespace}, which ${name} names`)
    expect(await cluster.api.list(`/api/v1/namespaces/${namespace}/services`)).toEqual([])
  })

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
