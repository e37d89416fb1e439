/** What Helm asks the cluster: Secrets that are named must be there, and the instance key is made once. */
import { expect, test } from '@jest/globals'
import { describeWithHelm } from '../harness/tools.ts'
import { objectsOf, withApi } from './harness/api.ts'
import { type KubeObject, one } from './harness/helm.ts'
import { MINIMAL, over } from './harness/values.ts'

const namespace = 'vigil-system'
const object = (kind: string, name: string, more: object = {}): KubeObject => ({
  apiVersion: 'v1',
  kind,
  metadata: { name, namespace },
  ...more,
})

/** Every namespace has it; by it the chart knows that there is a cluster to ask. */
const CLUSTER = object('ServiceAccount', 'default')

const NAMED = over(MINIMAL, {
  config: {
    static: {
      server: { callers: ['gateway.example.com'] },
      telemetry: { otlp: { url: 'http://collector.telemetry.svc:4318' } },
    },
  },
  secrets: { instanceKey: { existingSecret: 'of-key' }, otlpHeaders: { existingSecret: 'of-collector' } },
  store: { existingSecret: 'of-store', passwordKey: 'password' },
  tls: { mode: 'secret', existingSecret: 'of-tls', clientCa: { secret: 'of-envoys' } },
})
const SECRETS = ['of-key', 'of-collector', 'of-store', 'of-tls', 'of-envoys']

describeWithHelm('a Secret that is named', (helm) => {
  test.each(SECRETS)('and not there is refused before anything changes: %s', async (missing) => {
    const others = SECRETS.filter((name) => name !== missing)
    const cluster = [CLUSTER, ...others.map((name) => object('Secret', name))]
    const { status, stderr } = await withApi(helm, cluster, (ask) => ask(NAMED))
    expect(status).not.toBe(0)
    expect(stderr).toContain(`there is no Secret "${missing}" in namespace ${namespace}, which `)
    expect(stderr).toContain(': create it first')
    for (const name of others) expect(stderr).not.toContain(name)
  })

  test('and there is taken', async () => {
    const cluster = [CLUSTER, ...SECRETS.map((name) => object('Secret', name))]
    const { status, stderr } = await withApi(helm, cluster, (ask) => ask(NAMED))
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
  })
})

/** As it stands in a cluster: Helm writes whose it is, and takes no object of others. */
const installed = ({ metadata, ...rest }: KubeObject): KubeObject => ({
  ...(rest as KubeObject),
  metadata: {
    ...metadata,
    labels: { ...metadata.labels, 'app.kubernetes.io/managed-by': 'Helm' },
    annotations: {
      ...metadata.annotations,
      'meta.helm.sh/release-name': 'vigil',
      'meta.helm.sh/release-namespace': namespace,
    },
  },
})

describeWithHelm('the instance key of the chart', (helm) => {
  const own = over(MINIMAL, { secrets: { instanceKey: { existingSecret: '' } } })
  const keyIn = async (cluster: readonly KubeObject[]) =>
    one(objectsOf(await withApi(helm, cluster, (ask) => ask(own))), 'Secret', 'vigil-instance-key')

  test('is made at the first installation and stays over upgrades', async () => {
    const made = await keyIn([CLUSTER])
    for (let upgrade = 0; upgrade < 2; upgrade++)
      expect((await keyIn([CLUSTER, installed(made)]))['data']).toEqual(made['data'])
  })

  test('keeps what was rotated into it by hand', async () => {
    const rotated = { 'instance-key.yaml': 'cm9vdDogYQ==', note: 'Yg==' }
    const there = object('Secret', 'vigil-instance-key', { data: rotated })
    expect((await keyIn([CLUSTER, installed(there)]))['data']).toEqual(rotated)
  })

  test('under another key than the pods would read is refused', async () => {
    const there = installed(object('Secret', 'vigil-instance-key', { data: { 'old.yaml': 'Yg==' } }))
    const { status, stderr } = await withApi(helm, [CLUSTER, there], (ask) => ask(own))
    expect(status).not.toBe(0)
    expect(stderr).toContain('without the key "instance-key.yaml"')
    expect(stderr).toContain('set secrets.instanceKey.key to old.yaml')
  })
})
