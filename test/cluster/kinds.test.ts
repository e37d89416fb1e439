/** Objects of cert-manager and KEDA, the Role of a SPIFFE driver, a DaemonSet and certificates of pods, on a real API server. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { parse } from 'yaml'
import { type KubeObject, one, parseObjects } from '../chart/harness/helm.ts'
import { describeWithCluster } from '../harness/tools.ts'
import { waitUntil } from '../harness/wait.ts'
import { type Cluster, expectDone, isThere, startCluster } from './harness/cluster.ts'
import { installCrds } from './harness/crds.ts'

const CASES = join(import.meta.dirname, '..', 'chart', 'cases')
const valuesOf = (name: string) => parse(readFileSync(join(CASES, `${name}.in.yaml`), 'utf8'))
const KEY = { 'instance-key.yaml': `root: ${'A'.repeat(43)}\ncurrent: ${'B'.repeat(42)}A\n` }

/** Switched off before Kubernetes 1.37. */
const POD_CERTIFICATES = [
  '--feature-gates=PodCertificateRequest=true,ClusterTrustBundle=true,ClusterTrustBundleProjection=true',
  '--runtime-config=certificates.k8s.io/v1beta1=true',
]

let cluster: Cluster
beforeAll(async () => {
  const isCheck = (pod: KubeObject) => pod.metadata.labels?.['app.kubernetes.io/component'] === 'check'
  cluster = await startCluster({ isMine: isCheck, flags: POD_CERTIFICATES })
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

  test('takes certificates of pods, and leaves nothing of them out', async () => {
    const namespace = `pods-${which}`
    await prepare(namespace)
    // The check mounts the bundle of the Envoys, too, and the stand-in for the kubelet knows none.
    const values = { ...valuesOf('tls-pod-certificate'), configCheck: { enabled: false } }
    expectDone(await cluster.put(helm, 'install', namespace, values))
    const pods = await waitUntil('pods', 20_000, async () => {
      const path = `/api/v1/namespaces/${namespace}/pods?labelSelector=app.kubernetes.io/component=service`
      const found = await cluster.api.list(path)
      return found.length === 2 ? found : undefined
    })
    const made = parseObjects(readFileSync(join(CASES, 'tls-pod-certificate.out.yaml'), 'utf8'))
    const wanted = one(made, 'Deployment')['spec'].template.spec.volumes
    for (const name of ['tls', 'client-ca']) {
      const sourcesIn = (volumes: KubeObject['spec'][]) =>
        volumes.find((volume) => volume.name === name)?.projected.sources
      for (const pod of pods) expect(sourcesIn(pod['spec'].volumes)).toEqual(sourcesIn(wanted))
      expect(sourcesIn(wanted)).toHaveLength(1)
    }
    expectDone(await cluster.helm(helm, 'uninstall', 'vigil', '-n', namespace))
  }, 90_000)
})
