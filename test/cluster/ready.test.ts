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
const KEY = 'secrets/vigil-instance-key'
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
  cluster = await startCluster({
    isMine: (pod) => pod.metadata.labels?.['app.kubernetes.io/component'] === 'check',
  })
  const sources = await installCrds(cluster.api)
  for (const name of ATTACHED) await cluster.namespace(name)
  process.stdout.write(`ready files: Kubernetes ${cluster.version} with the CRDs of ${sources.join(', ')}\n`)
}, 180_000)
afterAll(async () => cluster?.stop(), 60_000)

/** All that is there of a release and beside it: its namespace, and what it has put into others. */
async function everything(namespace: string): Promise<Contents> {
  const [own, ...others] = await Promise.all(
    [namespace, ...ATTACHED].map((each) => contentsOf(cluster.api, each)),
  )
  const isOfRelease = (text: string) => text.includes(`"meta.helm.sh/release-namespace":"${namespace}"`)
  const put = others.flatMap((contents, index) =>
    [...contents]
      .filter(([, text]) => isOfRelease(text))
      .map(([key, text]) => [`${ATTACHED[index]}: ${key}`, text] as const),
  )
  return new Map([...(own ?? []), ...put])
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

async function expectThere(helm: string, namespace: string): Promise<void> {
  const said = await cluster.helm(helm, 'get', 'manifest', 'vigil', '-n', namespace)
  expectDone(said)
  const objects = parseObjects(said.stdout)
  expect(objects.length).toBeGreaterThan(7)
  for (const object of objects)
    expect([object.kind, await isThere(cluster.api, object, namespace)]).toEqual([object.kind, true])
  await expectAdmitted(namespace)
}

async function comesAndGoes(helm: string, name: string, namespace: string): Promise<void> {
  await cluster.namespace(namespace)
  for (const [secret, stringData] of Object.entries(SECRETS)) {
    const metadata = { name: secret, namespace }
    await cluster.api.apply({ apiVersion: 'v1', kind: 'Secret', metadata, stringData })
  }
  const before = await everything(namespace)
  const put = async (verb: 'install' | 'upgrade', values: unknown) => {
    const file = ['--values', join(CHART, 'values', `${name}.yaml`)]
    const said = await cluster.put(helm, verb, namespace, values, ...file)
    expectDone(said, cluster.kubelet.outputOf(namespace))
    await expectThere(helm, namespace)
  }
  await put('install', userOf(name))
  await put('upgrade', over(userOf(name), LATER))
  expectDone(await cluster.helm(helm, 'rollback', 'vigil', '1', '-n', namespace))
  await expectThere(helm, namespace)
  expectDone(await cluster.helm(helm, 'uninstall', 'vigil', '-n', namespace))
  await expectLeft(namespace, before, name !== 'production')
}

/** Works several off at once, since most of their time is waiting. */
function atOnce(
  lanes: number,
  names: readonly string[],
  work: (name: string) => Promise<void>,
): ReadonlyMap<string, Promise<void>> {
  const last: Promise<unknown>[] = Array.from({ length: lanes }, () => Promise.resolve())
  return new Map(
    names.map((name, index) => {
      const done = Promise.resolve(last[index % lanes]).then(() => work(name))
      last[index % lanes] = done.catch(() => undefined) // its own test tells
      return [name, done]
    }),
  )
}

describeWithCluster(
  'a ready file of values is installed, changed, put back, and goes again',
  (helm, which) => {
    let running: ReadonlyMap<string, Promise<void>>
    beforeAll(() => {
      running = atOnce(3, READY, (name) => comesAndGoes(helm, name, `${name}-${which}`))
    })
    afterAll(() => Promise.allSettled(running.values()))

    test.each(READY)('%s', (name) => running.get(name), 90_000)
  },
)

describeWithCluster('an attachment to what cannot be guarded', (helm, which) => {
  const namespace = `unattached-${which}`
  const policy = { name: 'public', namespace: 'apps', targetRefs: [{ kind: 'Gateway', name: 'eg' }] }
  beforeAll(async () => cluster.namespace(namespace))

  test.each([
    [
      'a listener by a name that is none',
      { ...policy, targetRefs: [{ kind: 'Gateway', name: 'eg', sectionName: 'Not A Name' }] },
      /spec\.targetRefs\[0\]\.sectionName.* should match/,
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
      const acknowledge = { plaintext: true }
      const said = await cluster.put(
        helm,
        'install',
        namespace,
        over(USER, { attach, acknowledge, tls: { mode: 'mesh' } }),
      )
      expect(said.status).not.toBe(0)
      expect(said.stderr).toMatch(says)
      expectDone(await cluster.helm(helm, 'uninstall', 'vigil', '-n', namespace))
      await expectLeft(namespace, before)
    },
    60_000,
  )
})
