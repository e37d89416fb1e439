/** Objects of cert-manager and KEDA, the Role of a SPIFFE driver and a DaemonSet, on a real API server; pod certificates that it has not. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { parse } from 'yaml'
import { parseObjects } from '../chart/harness/helm.ts'
import { describeWithCluster } from '../harness/tools.ts'
import { type Cluster, expectDone, isThere, startCluster } from './harness/cluster.ts'
import { installCrds } from './harness/crds.ts'

const CASES = join(import.meta.dirname, '..', 'chart', 'cases')
const valuesOf = (name: string) => parse(readFileSync(join(CASES, `${name}.in.yaml`), 'utf8'))
const KEY = { 'instance-key.yaml': `root: ${'A'.repeat(43)}\ncurrent: ${'B'.repeat(42)}A\n` }

let cluster: Cluster
beforeAll(async () => {
  cluster = await startCluster((pod) => pod.metadata.labels?.['app.kubernetes.io/component'] === 'check')
  await installCrds(cluster.api)
  await cluster.namespace('apps')
}, 180_000)
afterAll(async () => cluster?.stop(), 60_000)

describeWithCluster('an API server', (helm, which) => {
  const prepare = async (namespace: string) => {
    await cluster.namespace(namespace)
    const metadata = { name: 'vigil-key', namespace }
    await cluster.api.apply({ apiVersion: 'v1', kind: 'Secret', metadata, stringData: KEY })
  }

  test.each([
    ['tls-cert-manager', ['Certificate', 'BackendTLSPolicy']],
    ['tls-spiffe-csi', ['Role', 'RoleBinding']],
    ['autoscaling-keda', ['ScaledObject']],
    ['daemon-set', ['DaemonSet']],
  ])(
    'takes %s, whose check before the installation waits for nothing',
    async (name, kinds) => {
      const namespace = `${name}-${which}`
      await prepare(namespace)
      const said = await cluster.put(helm, 'install', namespace, valuesOf(name))
      expectDone(said, cluster.kubelet.outputOf(namespace))
      const { stdout } = await cluster.helm(helm, 'get', 'manifest', 'vigil', '-n', namespace)
      const objects = parseObjects(stdout)
      for (const kind of kinds) expect(objects.map((object) => object.kind)).toContain(kind)
      for (const object of objects)
        expect([object.kind, await isThere(cluster.api, object, namespace)]).toEqual([object.kind, true])
      expectDone(await cluster.helm(helm, 'uninstall', 'vigil', '-n', namespace))
    },
    90_000,
  )

  test('that does not know certificates of pods is not given any, and nothing has changed', async () => {
    const namespace = `pods-${which}`
    await prepare(namespace)
    const values = { ...valuesOf('tls-pod-certificate'), probe: { enabled: false } }
    const { status, stderr } = await cluster.put(helm, 'install', namespace, values)
    expect(status).not.toBe(0)
    expect(stderr).toContain('tls.mode podCertificate is not switched on in this cluster')
    for (const kind of ['configmaps', 'services']) {
      const found = await cluster.api.list(`/api/v1/namespaces/${namespace}/${kind}`)
      expect(found.filter(({ metadata }) => metadata.name.startsWith('vigil'))).toEqual([])
    }
  }, 60_000)
})
