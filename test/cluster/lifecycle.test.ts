/** The life of a release on a real API server, with pods that run: install, two kinds of upgrade, rollback, uninstall. */
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { over } from '../chart/harness/values.ts'
import { type CheckClient, openCheckClient, type Told } from '../harness/check-client.ts'
import { mintNow } from '../harness/live.ts'
import { issuerOf } from '../harness/tokens.ts'
import { describeWithCluster } from '../harness/tools.ts'
import { waitUntil } from '../harness/wait.ts'
import { type Cluster, expectDone, startCluster } from './harness/cluster.ts'

const VALUES = {
  tls: { mode: 'off' },
  lifecycle: { preStopSleepSeconds: 1 },
  acknowledge: { plaintext: true, anyCaller: true, memoryStoreWithReplicas: true },
  config: {
    // An end that is waited for a dozen times.
    static: { server: { drainDelaySeconds: 0, drainTimeoutSeconds: 5 } },
    dynamic: {
      identity: { issuers: [issuerOf()] },
      actions: [{ name: 'read', match: { paths: ['/v1/items'] }, sensitivity: 'low' }],
      entrypoints: [{ name: 'edge', externalOrigins: ['https://api.example.com'] }],
      enforcement: { realm: 'first' },
    },
  },
}
const DYNAMIC = over(VALUES, { config: { dynamic: { enforcement: { realm: 'second' } } } })
const STATIC = over(DYNAMIC, { config: { static: { server: { deadlineMs: 140 } } } })
const BROKEN = over(DYNAMIC, {
  config: { dynamic: { policy: [{ name: 'broken', when: 'request.pth == ""', effect: 'deny' }] } },
})

let cluster: Cluster
beforeAll(async () => {
  cluster = await startCluster()
}, 120_000)
afterAll(async () => cluster?.stop(), 60_000)

/** One check at each pod of the release, with a token and without. */
async function askEach(namespace: string, headers: Record<string, string> = {}): Promise<Told[]> {
  const ask = async (client: CheckClient) => {
    try {
      return await client.ask({ path: '/v1/items', headers })
    } finally {
      client.close()
    }
  }
  const pods = cluster.kubelet.podsOf(namespace)
  return Promise.all(pods.map(({ address }) => ask(openCheckClient(`${address}:9000`))))
}

const realmsOf = async (namespace: string) =>
  (await askEach(namespace)).map((told) => /realm="(\w+)"/.exec(told.header('www-authenticate') ?? '')?.[1])

const namesOf = (namespace: string) =>
  cluster.kubelet
    .podsOf(namespace)
    .map(({ name }) => name)
    .sort()

async function deployment(namespace: string) {
  return cluster.api.get(`/apis/apps/v1/namespaces/${namespace}/deployments/vigil`)
}

describeWithCluster('a release', (helm, which) => {
  const namespace = `life-${which}`
  const run = (verb: 'install' | 'upgrade', values: unknown, ...args: string[]) =>
    cluster.put(helm, verb, namespace, values, '--wait', '--timeout', '40s', ...args)

  test('is installed where only restricted pods may be, and its pods are ready and answer', async () => {
    await cluster.namespace(namespace)
    const said = await run('install', VALUES)
    expectDone(said, cluster.kubelet.outputOf(namespace))
    expect((await deployment(namespace))['status'].readyReplicas).toBe(2)
    const authorization = `Bearer ${mintNow()}`
    expect((await askEach(namespace, { authorization })).map((told) => told.status)).toEqual([200, 200])
    expect((await askEach(namespace)).map((told) => told.status)).toEqual([401, 401])
    process.stdout.write(`${which}: installed on Kubernetes ${cluster.version}\n`)
  }, 120_000)

  test('takes a change of policy without another pod', async () => {
    const before = namesOf(namespace)
    expect(await realmsOf(namespace)).toEqual(['first', 'first'])
    expectDone(await run('upgrade', DYNAMIC))
    await waitUntil('the change', 10_000, async () =>
      (await realmsOf(namespace)).every((realm) => realm === 'second'),
    )
    expect(namesOf(namespace)).toEqual(before)
  }, 120_000)

  test('refuses a condition that does not compile, and nothing has changed', async () => {
    const before = namesOf(namespace)
    const said = await run('upgrade', BROKEN)
    expect(said.status).not.toBe(0)
    expect(cluster.kubelet.outputOf(namespace)).toContain('did you mean "path"')
    expect(await realmsOf(namespace)).toEqual(['second', 'second'])
    expect(namesOf(namespace)).toEqual(before)
  }, 120_000)

  test('rolls its pods when their start must change, never fewer than there should be', async () => {
    const before = namesOf(namespace)
    let fewest = 2
    let isOver = false
    const watching = (async () => {
      while (!isOver) {
        fewest = Math.min(fewest, (await deployment(namespace))['status'].readyReplicas ?? 0)
        await new Promise((resolve) => setTimeout(resolve, 100))
      }
    })()
    const said = await run('upgrade', STATIC)
    isOver = true
    await watching
    expectDone(said, cluster.kubelet.outputOf(namespace))
    await waitUntil('old pods gone', 30_000, () => namesOf(namespace).length === 2)
    expect(namesOf(namespace).filter((name) => before.includes(name))).toEqual([])
    expect(fewest).toBe(2)
  }, 120_000)

  test('starts a pod again that has crashed', async () => {
    const [pod] = cluster.kubelet.podsOf(namespace)
    pod?.crash()
    const restarted = async () => {
      const { status } = await cluster.api.get(`/api/v1/namespaces/${namespace}/pods/${pod?.name}`)
      const [container] = status.containerStatuses
      return container.restartCount === 1 && container.ready
    }
    await waitUntil('ready again', 30_000, restarted)
  }, 60_000)

  test('goes back to its first revision', async () => {
    const before = namesOf(namespace)
    const said = await cluster.helm(
      helm,
      'rollback',
      'vigil',
      '1',
      '-n',
      namespace,
      '--wait',
      '--timeout',
      '40s',
    )
    expectDone(said)
    await waitUntil('old pods gone', 30_000, () => namesOf(namespace).length === 2)
    expect(namesOf(namespace).filter((name) => before.includes(name))).toEqual([])
    await waitUntil('the first policy', 10_000, async () =>
      (await realmsOf(namespace)).every((realm) => realm === 'first'),
    )
  }, 120_000)

  test('goes, and leaves only its key, with which it comes back', async () => {
    const keyPath = `/api/v1/namespaces/${namespace}/secrets/vigil-instance-key`
    const key = (await cluster.api.get(keyPath))['data']
    const said = await cluster.helm(helm, 'uninstall', 'vigil', '-n', namespace, '--wait', '--timeout', '60s')
    expectDone(said)
    await waitUntil('pods gone', 30_000, async () => {
      return (await cluster.api.list(`/api/v1/namespaces/${namespace}/pods`)).length === 0
    })
    const left: string[] = []
    const kinds = ['apis/apps/v1', 'apis/batch/v1', 'apis/networking.k8s.io/v1', 'apis/policy/v1', 'api/v1']
    const plurals = [
      'deployments',
      'jobs',
      'networkpolicies',
      'poddisruptionbudgets',
      'services,configmaps,secrets,serviceaccounts',
    ]
    for (const [index, root] of kinds.entries())
      for (const plural of plurals[index]?.split(',') ?? [])
        for (const { metadata } of await cluster.api.list(`/${root}/namespaces/${namespace}/${plural}`))
          left.push(`${plural}/${metadata.name}`)
    expect(left.sort()).toEqual([
      'configmaps/kube-root-ca.crt',
      'secrets/vigil-instance-key',
      'serviceaccounts/default',
    ])
    expectDone(await run('install', VALUES))
    expect((await cluster.api.get(keyPath))['data']).toEqual(key)
    expectDone(await cluster.helm(helm, 'uninstall', 'vigil', '-n', namespace))
  }, 180_000)
})
