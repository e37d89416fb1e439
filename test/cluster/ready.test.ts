/** Every ready file of values is taken by a real API server that knows Istio, Gateway API, Envoy Gateway and Prometheus. */
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { parse } from 'yaml'
import { CHART, parseObjects } from '../chart/harness/helm.ts'
import { describeWithCluster } from '../harness/tools.ts'
import { type Cluster, expectDone, isThere, startCluster } from './harness/cluster.ts'
import { installCrds } from './harness/crds.ts'

const READY = globSync('*.yaml', { cwd: join(CHART, 'values') })
  .map((file) => file.replace('.yaml', ''))
  .sort()
const HARNESS = join(import.meta.dirname, '..', 'chart', 'harness')
const USER = parse(readFileSync(join(HARNESS, 'user.yaml'), 'utf8'))
const userOf = (name: string) => (name === 'dev' ? { config: { dynamic: USER.config.dynamic } } : USER)

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
  for (const name of ['apps', 'istio-ingress', 'shop']) await cluster.namespace(name)
  process.stdout.write(`ready files: Kubernetes ${cluster.version} with the CRDs of ${sources.join(', ')}\n`)
}, 180_000)
afterAll(async () => cluster?.stop(), 60_000)

describeWithCluster('a ready file of values is installed, and goes again', (helm, which) => {
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
    const file = join(CHART, 'values', `${name}.yaml`)
    const args = ['--values', file, '--namespace', namespace]
    const said = await cluster.put(helm, 'install', namespace, userOf(name), ...args)
    expectDone(said, cluster.kubelet.outputOf(namespace))
    const { stdout } = await cluster.helm(helm, 'get', 'manifest', 'vigil', '-n', namespace)
    const objects = parseObjects(stdout)
    expect(objects.length).toBeGreaterThan(7)
    for (const object of objects)
      expect([object.kind, await isThere(cluster.api, object, namespace)]).toEqual([object.kind, true])
    expectDone(await cluster.helm(helm, 'uninstall', 'vigil', '-n', namespace))
    for (const object of objects.filter(({ kind }) => !['Secret', 'Deployment'].includes(kind)))
      expect([object.kind, await isThere(cluster.api, object, namespace)]).toEqual([object.kind, false])
  }, 60_000)
})
