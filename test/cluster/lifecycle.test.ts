/** The life of a release on a real API server, with pods that run: install, two kinds of upgrade, rollback, uninstall. */
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { over } from '../chart/harness/values.ts'
import { type CheckClient, openCheckClient, type Told } from '../harness/check-client.ts'
import { mintNow } from '../harness/live.ts'
import { issuerOf } from '../harness/tokens.ts'
import { describeWithCluster } from '../harness/tools.ts'
import { waitUntil } from '../harness/wait.ts'
import { type Cluster, expectDone, startCluster } from './harness/cluster.ts'
import { contentsOf, differenceOf } from './harness/contents.ts'
import { underTraffic } from './harness/traffic.ts'

const VALUES = {
  tls: { mode: 'off' },
  lifecycle: { preStopSleepSeconds: 1 },
  acknowledge: { plaintext: true, anyCaller: true, memoryStoreWithReplicas: true },
  config: {
    // Ends that are waited for a dozen times; and time for checks, since two processors do all the work of a cluster here.
    static: { server: { drainDelaySeconds: 1, drainTimeoutSeconds: 5, deadlineMs: 20_000 } },
    dynamic: {
      identity: { issuers: [issuerOf()] },
      actions: [{ name: 'read', match: { paths: ['/v1/items'] }, sensitivity: 'low' }],
      entrypoints: [{ name: 'edge', externalOrigins: ['https://api.example.com'] }],
      // A stream of checks would soon be a burst.
      policy: [{ name: 'steady', when: 'action.name == "read"', effect: 'allow' }],
      enforcement: { realm: 'first' },
    },
  },
}
const DYNAMIC = over(VALUES, { config: { dynamic: { enforcement: { realm: 'second' } } } })
const STATIC = over(DYNAMIC, { config: { static: { server: { deadlineMs: 19_000 } } } })
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

/** Checks all the time while something happens; none of them may fail. */
async function unfelt(namespace: string, what: string, change: () => Promise<void>): Promise<void> {
  const { checks, failed, pods, slowestMs } = await underTraffic(cluster, namespace, change)
  expect(failed).toEqual([])
  process.stdout.write(
    `${namespace}, ${what}: ${checks} checks at ${pods} pods, none failed, slowest ${slowestMs} ms\n`,
  )
}

/** No pod is left that was there before, not even one on its way out. */
const allReplaced = async (namespace: string, before: readonly string[]) => {
  const selector = encodeURIComponent('app.kubernetes.io/component=service')
  await waitUntil('new pods alone', 30_000, async () => {
    const pods = await cluster.api.list(`/api/v1/namespaces/${namespace}/pods?labelSelector=${selector}`)
    return pods.length === 2 && pods.every(({ metadata: { name } }) => !before.includes(name))
  })
}

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

  test('answers helm test over its Service, which says what it asked', async () => {
    // Helm 3 asks for the log of a test that went well when its Pod is gone.
    const logs = which === 'helm' ? ['--logs'] : []
    const said = await cluster.helm(helm, 'test', 'vigil', '-n', namespace, '--timeout', '60s', ...logs)
    expectDone(said, cluster.kubelet.outputOf(namespace))
    expect(said.stdout).toMatch(/TEST SUITE: +vigil-probe\n(.*\n)+Phase: +Succeeded/)
    const log = which === 'helm' ? said.stdout : cluster.kubelet.outputOf(namespace)
    expect(log).toContain(`vigil.${namespace}.svc.cluster.local:9000 (plaintext)`)
    expect(log).toContain('ok    denied: refused with 403, as it must be')
    expect(log).toContain('Vigil answers as it must.')
  }, 120_000)

  test('takes a change of policy without another pod', async () => {
    const before = namesOf(namespace)
    expect(await realmsOf(namespace)).toEqual(['first', 'first'])
    await unfelt(namespace, 'change of policy', async () => {
      expectDone(await run('upgrade', DYNAMIC))
      await waitUntil('the change', 10_000, async () =>
        (await realmsOf(namespace)).every((realm) => realm === 'second'),
      )
    })
    expect(namesOf(namespace)).toEqual(before)
  }, 120_000)

  test('refuses a condition that does not compile, and nothing but hook objects has changed', async () => {
    const before = await contentsOf(cluster.api, namespace)
    const said = await run('upgrade', BROKEN)
    expect(said.status).not.toBe(0)
    expect(cluster.kubelet.outputOf(namespace)).toContain('did you mean "path"')
    const changes = differenceOf(before, await contentsOf(cluster.api, namespace))
    expect(changes).toContain('+jobs/vigil-check')
    // And what Helm itself writes down. Helm 4 takes the ConfigMap of the check away again.
    const allowed = /^\+(secrets\/sh\.helm\.release\.v1\.vigil\.v3$|(configmaps|jobs|pods)\/vigil-check\b)/
    expect(changes.filter((each) => !allowed.test(each))).toEqual([])
    expect(await realmsOf(namespace)).toEqual(['second', 'second'])
  }, 120_000)

  test('rolls its pods when their start must change, never fewer than there should be', async () => {
    const before = namesOf(namespace)
    let fewest = 2
    let isOver = false
    const watch = async () => {
      while (!isOver) {
        fewest = Math.min(fewest, (await deployment(namespace))['status'].readyReplicas ?? 0)
        await new Promise((resolve) => setTimeout(resolve, 100))
      }
    }
    const roll = async () => {
      expectDone(await run('upgrade', STATIC), cluster.kubelet.outputOf(namespace))
      await allReplaced(namespace, before)
    }
    const rolling = unfelt(namespace, 'rollout', roll).finally(() => {
      isOver = true
    })
    await Promise.all([rolling, watch()])
    expect(fewest).toBe(2)
  }, 120_000)

  // Helm has no part in these.
  if (which === 'helm') {
    test('lets one pod be evicted, and no second one before it is replaced', async () => {
      const before = namesOf(namespace)
      const evict = async (name = '') => {
        const path = `/api/v1/namespaces/${namespace}/pods/${name}/eviction`
        const eviction = { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name, namespace } }
        return (await cluster.api.ask('POST', path, eviction)).status
      }
      await unfelt(namespace, 'eviction of all pods', async () => {
        await waitUntil('an eviction', 30_000, async () => (await evict(before[0])) === 201)
        expect(await evict(before[1])).toBe(429)
        await waitUntil('a second eviction', 30_000, async () => (await evict(before[1])) === 201)
        await allReplaced(namespace, before)
        await waitUntil('ready', 30_000, async () => {
          return (await deployment(namespace))['status'].readyReplicas === 2
        })
      })
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
  }

  test('goes back to its first revision', async () => {
    const before = namesOf(namespace)
    const back = ['rollback', 'vigil', '1', '-n', namespace, '--wait', '--timeout', '40s']
    await unfelt(namespace, 'rollback', async () => {
      expectDone(await cluster.helm(helm, ...back))
      await allReplaced(namespace, before)
    })
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
    const kept = ['configmaps/kube-root-ca.crt', 'secrets/vigil-instance-key', 'serviceaccounts/default']
    let left: string[] = []
    const isSo = async () => {
      left = [...(await contentsOf(cluster.api, namespace)).keys()].sort()
      return left.join() === kept.join()
    }
    await waitUntil('nothing left', 20_000, isSo).catch(() => expect(left).toEqual(kept))
    expectDone(await cluster.put(helm, 'install', namespace, VALUES))
    expect((await cluster.api.get(keyPath))['data']).toEqual(key)
    expectDone(await cluster.helm(helm, 'uninstall', 'vigil', '-n', namespace))
  }, 180_000)
})
