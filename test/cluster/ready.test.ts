/** Every ready file of values is taken by a real API server that knows Istio, Gateway API, Envoy Gateway and Prometheus. */
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { parse } from 'yaml'
import { CHART, parseObjects } from '../chart/harness/helm.ts'
import { over } from '../chart/harness/values.ts'
import { describeWithCluster } from '../harness/tools.ts'
import { waitUntil } from '../harness/wait.ts'
import { type Cluster, expectDone, isThere, startCluster } from './harness/cluster.ts'
import { type Contents, contentsOf, differenceOf } from './harness/contents.ts'
import { installCrds } from './harness/crds.ts'

const READY = globSync('*.yaml', { cwd: join(CHART, 'values') })
  .map((file) => file.replace('.yaml', ''))
  .sort()
const HARNESS = join(import.meta.dirname, '..', 'chart', 'harness')
const USER = parse(readFileSync(join(HARNESS, 'user.yaml'), 'utf8'))
const userOf = (name: string) => (name === 'dev' ? { config: { dynamic: USER.config.dynamic } } : USER)
/** A change that rolls pods. */
const LATER = { config: { static: { server: { drainTimeoutSeconds: 25 } } } }
const KEY = '0/secrets/vigil-instance-key'
/** Where objects of the attachments stand. */
const ATTACHED = ['apps', 'istio-ingress', 'shop']

/** What the ready files say that the user makes. */
const SECRETS: Readonly<Record<string, Record<string, string>>> = {
  'vigil-instance-key-own': {
    'instance-key.yaml': `root: ${'A'.repeat(43)}\ncurrent: ${'B'.repeat(42)}A\n`,
  },
  'vigil-tls': {
    'tls.crt': 'stands for a certificate',
    'tls.key': 'stands for a key',
    'ca.crt': 'stands for a CA',
  },
}

let cluster: Cluster
beforeAll(async () => {
  // The check before an installation runs; the pods would only look for stores and issuers that are not there.
  cluster = await startCluster((pod) => pod.metadata.labels?.['app.kubernetes.io/component'] === 'check')
  const sources = await installCrds(cluster.api)
  for (const name of ATTACHED) await cluster.namespace(name)
  process.stdout.write(`ready files: Kubernetes ${cluster.version} with the CRDs of ${sources.join(', ')}\n`)
}, 180_000)
afterAll(async () => cluster?.stop(), 60_000)

/** All that is there, but what the server makes for each namespace. */
async function everything(namespace: string): Promise<Contents> {
  const all = await Promise.all([namespace, ...ATTACHED].map((each) => contentsOf(cluster.api, each)))
  return new Map(
    all.flatMap((contents, index) => [...contents].map(([key, text]) => [`${index}/${key}`, text])),
  )
}

/** Nothing is there that was not before, but the key that is kept on purpose; controllers take their time. */
async function expectLeft(namespace: string, before: Contents, keepsKey = true): Promise<void> {
  const kept = keepsKey && !before.has(KEY) ? [`+${KEY}`] : []
  await waitUntil('no pods left', 20_000, async () => (await setsOf(namespace)).length === 0)
  let left: string[] = []
  const isSo = async () => {
    left = differenceOf(before, await everything(namespace))
    return left.join() === kept.join()
  }
  await waitUntil('nothing left', 20_000, isSo).catch(() => expect(left).toEqual(kept))
}

const setsOf = (namespace: string) => cluster.api.list(`/apis/apps/v1/namespaces/${namespace}/replicasets`)

/** Every pod that a ReplicaSet wants is admitted: the namespace refuses what is not restricted. */
async function expectAdmitted(namespace: string): Promise<void> {
  await waitUntil('pods', 20_000, async () => {
    const sets = await setsOf(namespace)
    for (const { status } of sets)
      for (const { type, message } of status.conditions ?? [])
        if (type === 'ReplicaFailure') throw new Error(message)
    return sets.length > 0 && sets.every(({ spec, status }) => spec.replicas === status.replicas)
  })
}

describeWithCluster(
  'a ready file of values is installed, changed, put back, and goes again',
  (helm, which) => {
    test.each(READY)('%s', async (name) => {
      const namespace = `${name}-${which}`
      await cluster.namespace(namespace)
      for (const [secret, stringData] of Object.entries(SECRETS))
        await cluster.api.apply({
          apiVersion: 'v1',
          kind: 'Secret',
          metadata: { name: secret, namespace },
          stringData,
        })
      const before = await everything(namespace)
      const put = async (verb: 'install' | 'upgrade', values: unknown) => {
        const file = join(CHART, 'values', `${name}.yaml`)
        expectDone(
          await cluster.put(helm, verb, namespace, values, '--values', file),
          cluster.kubelet.outputOf(namespace),
        )
      }
      const expectThere = async () => {
        const { stdout } = await cluster.helm(helm, 'get', 'manifest', 'vigil', '-n', namespace)
        const objects = parseObjects(stdout)
        expect(objects.length).toBeGreaterThan(7)
        for (const object of objects)
          expect([object.kind, await isThere(cluster.api, object, namespace)]).toEqual([object.kind, true])
        await expectAdmitted(namespace)
      }
      await put('install', userOf(name))
      await expectThere()
      await put('upgrade', over(userOf(name), LATER))
      await expectThere()
      expectDone(await cluster.helm(helm, 'rollback', 'vigil', '1', '-n', namespace))
      await expectThere()
      expectDone(await cluster.helm(helm, 'uninstall', 'vigil', '-n', namespace))
      await expectLeft(namespace, before, name !== 'production')
    }, 90_000)
  },
)

describeWithCluster('an attachment to what cannot be guarded', (helm, which) => {
  const namespace = `unattached-${which}`
  const policy = { name: 'public', namespace: 'apps', targetRefs: [{ kind: 'Gateway', name: 'eg' }] }
  beforeAll(async () => cluster.namespace(namespace))

  test.each([
    [
      'of another group',
      { ...policy, targetRefs: [{ group: 'apps', kind: 'Gateway', name: 'eg' }] },
      /can only have a targetRefs\[\*\]\.group of gateway\.networking\.k8s\.io/,
    ],
    [
      'in a namespace that is not there',
      { ...policy, namespace: 'nowhere' },
      /namespaces "nowhere" not found/,
    ],
  ])(
    'is refused by the API server: %s',
    async (_what, wrong, says) => {
      const before = await everything(namespace)
      const attach = { envoyGateway: { enabled: true, policies: [wrong] } }
      const said = await cluster.put(
        helm,
        'install',
        namespace,
        over(USER, { attach, tls: { mode: 'mesh' } }),
      )
      expect(said.status).not.toBe(0)
      expect(said.stderr).toMatch(says)
      expectDone(await cluster.helm(helm, 'uninstall', 'vigil', '-n', namespace))
      await expectLeft(namespace, before)
    },
    60_000,
  )
})
