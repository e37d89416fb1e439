/** The dev store as a running pod, and what edits of the ConfigMap do to pods that run, and to pods that start. */
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { stringify } from 'yaml'
import { over } from '../chart/harness/values.ts'
import { type CheckClient, openCheckClient } from '../harness/check-client.ts'
import { boundHeaders } from '../harness/live.ts'
import { makeSigner } from '../harness/proofs.ts'
import { issuerOf } from '../harness/tokens.ts'
import { describeWithCluster } from '../harness/tools.ts'
import { sumOf } from '../harness/vigil.ts'
import { waitUntil } from '../harness/wait.ts'
import { type Cluster, expectDone, startCluster } from './harness/cluster.ts'
import type { LivePod } from './harness/pod.ts'
import { underTraffic } from './harness/traffic.ts'

const DYNAMIC = {
  identity: { issuers: [issuerOf()] },
  actions: [{ name: 'read', match: { paths: ['/v1/items'] }, sensitivity: 'low' }],
  entrypoints: [{ name: 'edge', externalOrigins: ['https://api.example.com'] }],
  policy: [{ name: 'steady', when: 'action.name == "read"', effect: 'allow' }],
  enforcement: { realm: 'first' },
}
const VALUES = {
  tls: { mode: 'off' },
  lifecycle: { preStopSleepSeconds: 1 },
  acknowledge: { plaintext: true, anyCaller: true },
  config: {
    static: { server: { drainDelaySeconds: 1, drainTimeoutSeconds: 5, deadlineMs: 20_000 } },
    dynamic: DYNAMIC,
  },
}
/** Two pods that share what they know. */
const SHARED = over(VALUES, {
  devStore: { enabled: true },
  // The store shares two processors with all the rest here; past its budget a pod would ask only its own memory.
  config: { static: { store: { budgetMs: 5000 } } },
})
/** One that knows only itself. */
const ALONE = over(VALUES, { replicaCount: 1 })
const withRealm = (realm: string) => stringify({ ...DYNAMIC, enforcement: { realm } })
/** It parses, and does not compile. */
const BAD = stringify({
  ...DYNAMIC,
  policy: [{ name: 'broken', when: 'action.nme == "read"', effect: 'deny' }],
})
const ROUNDS = 9

let cluster: Cluster
beforeAll(async () => {
  cluster = await startCluster()
}, 120_000)
afterAll(async () => cluster?.stop(), 60_000)

/** As `kubectl edit`: nobody looks at it before it is there. */
const edit = async (namespace: string, text: string) => {
  const path = `/api/v1/namespaces/${namespace}/configmaps/vigil-dynamic?fieldManager=kubectl-edit`
  const { status } = await cluster.api.ask(
    'PATCH',
    path,
    { data: { 'vigil.yaml': text } },
    'application/merge-patch+json',
  )
  expect(status).toBe(200)
}

const podsOf = (namespace: string) => cluster.kubelet.podsOf(namespace)

async function withClient<T>({ address }: LivePod, use: (client: CheckClient) => Promise<T>): Promise<T> {
  const client = openCheckClient(`${address}:9000`)
  try {
    return await use(client)
  } finally {
    client.close()
  }
}

const realmSaid = async (client: CheckClient) =>
  /realm="(\w+)"/.exec((await client.ask({ path: '/v1/items' })).header('www-authenticate') ?? '')?.[1]

const realmsOf = (namespace: string) =>
  Promise.all(podsOf(namespace).map((pod) => withClient(pod, realmSaid)))

const probe = async ({ address }: LivePod, path: string) => {
  const response = await fetch(`http://${address}:9090${path}`, { signal: AbortSignal.timeout(5000) })
  return { status: response.status, text: await response.text() }
}

const metric = async (pod: LivePod, name: string) => sumOf((await probe(pod, '/metrics')).text, name, {})

/** `/readyz` in two words. */
const readiness = async (pod: LivePod) => {
  const { status, text } = await probe(pod, '/readyz')
  return [status, JSON.parse(text).degraded ?? []]
}

const eachPod = async (namespace: string, what: string, isSo: (pod: LivePod) => Promise<boolean>) =>
  waitUntil(what, 30_000, async () => (await Promise.all(podsOf(namespace).map(isSo))).every(Boolean))

/** Ends one pod as `kubectl delete` does. @returns the one that takes its place, when it runs */
async function replaced(namespace: string, pod: LivePod): Promise<LivePod> {
  const before = podsOf(namespace).map(({ name }) => name)
  await cluster.api.ask('DELETE', `/api/v1/namespaces/${namespace}/pods/${pod.name}`)
  return waitUntil('another pod', 30_000, () => podsOf(namespace).find(({ name }) => !before.includes(name)))
}

const statusOf = async (namespace: string, { name }: LivePod) =>
  (await cluster.api.get(`/api/v1/namespaces/${namespace}/pods/${name}`))['status'].containerStatuses?.[0]

const untilReady = (namespace: string, pod: LivePod) =>
  waitUntil('ready', 30_000, async () => (await statusOf(namespace, pod))?.ready === true)

/** From the swap of the files to the first answer by them, in ms; asks all the time. */
async function delayOf(pod: LivePod, namespace: string, realm: string): Promise<number> {
  return withClient(pod, async (client) => {
    await edit(namespace, withRealm(realm))
    const giveUpMs = performance.now() + 30_000
    while ((await realmSaid(client)) !== realm) {
      if (performance.now() > giveUpMs) throw new Error(`${realm}: nothing is decided by it`)
      await new Promise((resolve) => setTimeout(resolve, 2))
    }
    return performance.now() - pod.swappedMs()
  })
}

describeWithCluster(
  'two pods with the dev store',
  (helm) => {
    const namespace = 'shared'
    const lastGoodIsKept = () =>
      eachPod(namespace, 'kept', async (pod) => (await metric(pod, 'vigil_config_last_good_kept')) === 1)

    beforeAll(async () => {
      await cluster.namespace(namespace)
      const said = await cluster.put(helm, 'install', namespace, SHARED, '--wait', '--timeout', '60s')
      const output = cluster.kubelet.outputOf(namespace)
      expectDone(said, output)
      const [valkey] = /Valkey version=[\d.]+/.exec(output) ?? []
      process.stdout.write(`edits: two pods on Kubernetes ${cluster.version}, the dev store is ${valkey}\n`)
      await lastGoodIsKept()
    }, 120_000)

    test('take a proof of possession once between them', async () => {
      const headers = boundHeaders(await makeSigner('ES256'), '/v1/items')
      // Each on a stream of its own: the same again is Envoy's second try.
      let streams = 0
      const ask = (pod: LivePod | undefined) =>
        withClient(pod as LivePod, (client) =>
          client.ask({ path: '/v1/items', headers, streamId: `stream-${++streams}` }),
        )
      const [one, other] = podsOf(namespace)
      const first = await ask(one)
      expect([first.status, first.degraded]).toEqual([200, []])
      const again = await ask(other)
      expect([again.status, again.reasons]).toEqual([401, ['identity.dpop.replayed']])
    })

    test('decide by an edit soon after its files are there', async () => {
      const [pod] = podsOf(namespace)
      const delays: number[] = []
      for (let round = 0; round < ROUNDS; round++)
        delays.push(await delayOf(pod as LivePod, namespace, `round${round}`))
      delays.sort((a, b) => a - b)
      const [median, most] = [delays[(ROUNDS - 1) / 2], delays.at(-1)].map((ms) => Math.round(ms ?? 0))
      process.stdout.write(
        `edits: from the swap of the files to the first decision by them ${median} ms (median of ${ROUNDS}), ${most} ms at most\n`,
      )
    }, 60_000)

    /** With traffic all the while. */
    const badEdit = async () => {
      await edit(namespace, BAD)
      const isRefused = async (pod: LivePod) =>
        (await metric(pod, 'vigil_config_last_reload_successful')) === 0
      await eachPod(namespace, 'refused', isRefused)
      for (const pod of podsOf(namespace)) expect(await readiness(pod)).toEqual([200, []])

      const late = await replaced(namespace, podsOf(namespace)[0] as LivePod)
      await untilReady(namespace, late)
      expect(late.output()).toContain('did you mean "name"')
      expect(late.output()).toContain('the last good one from the store is used')
      expect(await readiness(late)).toEqual([200, ['configuration']])
      expect(await metric(late, 'vigil_config_last_good_in_use')).toBe(1)
      expect(await realmsOf(namespace)).toEqual(['good', 'good'])

      await edit(namespace, withRealm('mended'))
      await eachPod(namespace, 'mended', async (pod) => (await withClient(pod, realmSaid)) === 'mended')
      expect(await readiness(late)).toEqual([200, []])
      expect(await metric(late, 'vigil_config_last_good_in_use')).toBe(0)
    }

    test('go on after a bad edit, and so does a pod that starts with it', async () => {
      await edit(namespace, withRealm('good'))
      await eachPod(namespace, 'good', async (pod) => (await withClient(pod, realmSaid)) === 'good')
      await lastGoodIsKept()
      const { checks, failed } = await underTraffic(cluster, namespace, badEdit)
      expect(failed).toEqual([])
      process.stdout.write(`edits: ${checks} checks over a bad edit and a killed pod, none failed\n`)
    }, 120_000)

    test('start again with a bad edit after a crash of all', async () => {
      await lastGoodIsKept()
      await edit(namespace, BAD)
      await eachPod(namespace, 'refused', async (pod) => {
        return (await metric(pod, 'vigil_config_last_reload_successful')) === 0
      })
      for (const pod of podsOf(namespace)) pod.crash()
      await eachPod(namespace, 'back', async (pod) => {
        const status = await statusOf(namespace, pod)
        return status?.restartCount === 1 && status.ready
      })
      expect(await realmsOf(namespace)).toEqual(['mended', 'mended'])
      for (const pod of podsOf(namespace)) expect(await readiness(pod)).toEqual([200, ['configuration']])
    }, 60_000)

    test('are put right by an upgrade, which Helm 4 wants to be told twice', async () => {
      const args = ['--wait', '--timeout', '40s']
      const said = await cluster.put(helm, 'upgrade', namespace, SHARED, ...args)
      expect(said.stderr).toMatch(/conflict with "kubectl-edit".*\.data\.vigil\.yaml/)
      expect(await realmsOf(namespace)).toEqual(['mended', 'mended'])
      expectDone(await cluster.put(helm, 'upgrade', namespace, SHARED, ...args, '--force-conflicts'))
      await eachPod(namespace, 'first', async (pod) => (await withClient(pod, realmSaid)) === 'first')
      for (const pod of podsOf(namespace)) expect(await readiness(pod)).toEqual([200, []])
    }, 60_000)
  },
  ['helm'],
)

describeWithCluster(
  'one pod with the memory store',
  (helm) => {
    const namespace = 'alone'

    test('does not serve with a bad edit once it has to start again, and does when it is mended', async () => {
      await cluster.namespace(namespace)
      const said = await cluster.put(helm, 'install', namespace, ALONE, '--wait', '--timeout', '60s')
      expectDone(said, cluster.kubelet.outputOf(namespace))
      await edit(namespace, BAD)
      const late = await replaced(namespace, podsOf(namespace)[0] as LivePod)
      await waitUntil('two starts', 30_000, async () => {
        const status = await statusOf(namespace, late)
        expect(status?.ready ?? false).toBe(false)
        return status?.restartCount >= 2
      })
      expect(late.output()).toContain('did you mean "name"')
      expect(late.output()).not.toContain('vigil serves')
      await edit(namespace, withRealm('mended'))
      await untilReady(namespace, late)
      expect(await realmsOf(namespace)).toEqual(['mended'])
    }, 120_000)
  },
  ['helm'],
)
