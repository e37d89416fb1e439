/** The commands of README.md and of k8s/README.md, as they stand there, on a real API server, with pods that run. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { parse, stringify } from 'yaml'
import { makeCa, makeLeaf } from '../../scripts/certs/make.ts'
import { ROOT } from '../../scripts/root.ts'
import { layerPath } from '../../scripts/tools/locate.ts'
import type { KubeObject } from '../chart/harness/helm.ts'
import { over } from '../chart/harness/values.ts'
import { type CheckClient, openCheckClient, type Told } from '../harness/check-client.ts'
import { start } from '../harness/process.ts'
import { describeWithCluster, describeWithClusterOnce } from '../harness/tools.ts'
import { waitUntil } from '../harness/wait.ts'
import { type Cluster, expectDone, startCluster } from './harness/cluster.ts'
import { installCrds } from './harness/crds.ts'

const page = readFileSync(join(ROOT, 'README.md'), 'utf8')

/** The commands of a section, each in one line. */
const commandsOf = (title: string): string[] =>
  [
    ...(page.split(`\n## ${title}\n`)[1]?.split('\n## ')[0] ?? '').matchAll(/^```sh\n([\s\S]*?)^```/gm),
  ].flatMap(([, text = '']) =>
    text
      .replaceAll(/ *\\\n */g, ' ')
      .split('\n')
      .map((line) => line.replace(/ +# .*$/, ''))
      .filter((line) => line.startsWith('helm') && !line.includes('istiod')),
  )
const MINE = parse(/^## Install\n[\s\S]*?^```yaml\n([\s\S]*?)^```/m.exec(page)?.[1] ?? '')

let cluster: Cluster
let scratch: string
beforeAll(async () => {
  scratch = mkdtempSync(join(tmpdir(), 'vigil-start-page-'))
  // Application pods have an image that is nowhere.
  cluster = await startCluster({ isMine: (pod) => pod.metadata.name.startsWith('vigil-') })
  await installCrds(cluster.api)
  for (const name of ['istio-ingress', 'apps', 'shop', 'vigil']) await cluster.namespace(name)
}, 180_000)
afterAll(async () => {
  await cluster?.stop()
  rmSync(scratch, { recursive: true, force: true })
}, 60_000)

/** Runs a command of the page as it stands there, in the clone and with these values of the reader. */
async function run(helm: string, command: string | undefined, mine: object = MINE): Promise<void> {
  const file = join(scratch, 'my-values.yaml')
  writeFileSync(file, stringify(mine))
  const args = (command ?? '').split(' ').slice(1)
  const real = args.map((arg) =>
    arg === 'my-values.yaml' ? file : arg.replace(/^charts\//, `${ROOT}/charts/`),
  )
  // Pods that end are waited for.
  const faster = /^(install|upgrade)$/.test(real[0] ?? '')
    ? ['--set', 'lifecycle.preStopSleepSeconds=1,config.static.server.drainDelaySeconds=0']
    : []
  expectDone(await cluster.helm(helm, ...real, ...faster), cluster.kubelet.outputOf('vigil'))
}

/** One check without a credential at each pod that serves. */
async function askEach(): Promise<Told[]> {
  const ask = async (client: CheckClient) => {
    try {
      return await client.ask({ path: '/v1/accounts' })
    } finally {
      client.close()
    }
  }
  return Promise.all(
    cluster.kubelet.podsOf('vigil').map(({ address }) => ask(openCheckClient(`${address}:9000`))),
  )
}

const names = () =>
  cluster.kubelet
    .podsOf('vigil')
    .map(({ name }) => name)
    .sort()
const customPolicies = async () =>
  (await cluster.api.list('/apis/security.istio.io/v1/authorizationpolicies')).filter(
    (policy: KubeObject) => policy['spec'].action === 'CUSTOM',
  )
const gone = async () => (await cluster.api.list('/api/v1/namespaces/vigil/pods')).length === 0

describeWithCluster('the start page', (helm) => {
  const istio = () => commandsOf('Install')[0]

  test('installs for Istio: pods that observe, and a policy that asks them', async () => {
    await run(helm, istio())
    const told = await askEach()
    expect(told.map(({ isPass, effect }) => [isPass, effect])).toEqual([
      [true, 'observe'],
      [true, 'observe'],
    ])
    expect(await customPolicies()).toHaveLength(1)
  }, 120_000)

  test('tunes without another pod: enforced, the same check is refused', async () => {
    const before = names()
    await run(helm, commandsOf('Tune')[0], over(MINE, { config: { dynamic: { enforcement: undefined } } }))
    await waitUntil('enforced', 20_000, async () => (await askEach()).every(({ status }) => status === 401))
    expect(names()).toEqual(before)
  }, 120_000)

  test('rolls back without another pod: it observes again', async () => {
    const before = names()
    await run(helm, commandsOf('Roll back')[0])
    await waitUntil('observes', 20_000, async () => (await askEach()).every(({ isPass }) => isPass))
    expect(names()).toEqual(before)
  }, 120_000)

  test('detaches, and then uninstalls', async () => {
    const [detach, uninstall] = commandsOf('Uninstall')
    await run(helm, detach)
    expect(await customPolicies()).toEqual([])
    expect((await askEach()).length).toBe(2)
    await run(helm, uninstall)
    await waitUntil('pods gone', 60_000, gone)
  }, 120_000)
})

const K8S = join(ROOT, 'k8s')
const blocks = [...readFileSync(join(K8S, 'README.md'), 'utf8').matchAll(/^```sh\n([\s\S]*?)^```/gm)].map(
  ([, text = '']) => text,
)

/** Runs a block of the page in the folder k8s/, or in one that holds the files that it reads. */
async function bash(script: string, cwd = K8S): Promise<string> {
  const kubectl = layerPath('kubectl') ?? ''
  const path = `${dirname(kubectl)}:${process.env['PATH']}`
  const running = start('timeout', ['60', 'bash', '-euc', script], {
    cwd,
    env: { KUBECONFIG: cluster.kubeconfig, HOME: scratch, PATH: path },
  })
  const ended = await running.ended
  if (ended !== 0)
    throw new Error(
      `${script}\nended with ${ended}: ${running.output()}\n${cluster.kubelet.outputOf('vigil')}`,
    )
  return running.output()
}

const lines = (block: string | undefined, wanted: RegExp) =>
  (block ?? '')
    .split('\n')
    .filter((line) => wanted.test(line))
    .join('\n')

describeWithClusterOnce('manifests', () => {
  const [before, ofEnvoyGateway, apply, sidecar, takeOut] = blocks

  test('are preceded by the Secrets of the page', async () => {
    makeLeaf(scratch, makeCa(scratch), { stem: 'tls', names: ['DNS:vigil.vigil.svc'], usage: 'serverAuth' })
    writeFileSync(join(scratch, 'password'), 'secret')
    // The release has left its key, as it must.
    await bash('kubectl -n vigil delete secret vigil-instance-key')
    const script = (before ?? '').replace('kubectl create namespace vigil\n', '')
    await bash(script, scratch)
    await bash(ofEnvoyGateway ?? '', scratch)
  }, 60_000)

  test('make pods that observe, and are attached and taken out by the commands of the page', async () => {
    await bash(lines(apply, /^kubectl/))
    expect((await askEach()).map(({ isPass }) => isPass)).toEqual([true, true])
    expect(await customPolicies()).toHaveLength(1)
    await bash(takeOut ?? '')
    expect(await customPolicies()).toEqual([])
    const deployment = await cluster.api.ask('GET', '/apis/apps/v1/namespaces/vigil/deployments/vigil')
    expect(deployment.status).toBe(404)
  }, 120_000)

  test.each([
    'istio-sidecar',
    'istio-ambient',
    'envoy-gateway',
  ])('are taken by the API server, and go again: %s', async (name) => {
    // Without waiting for pods, which are the same.
    const commands = lines(apply, /^kubectl/).replace(/ && .*/, '')
    await bash(commands.replaceAll('istio-gateway', name))
    await bash((takeOut ?? '').replaceAll('istio-gateway', name))
  }, 60_000)

  test('are put into an application by the patch', async () => {
    await cluster.api.apply(APP)
    await bash(sidecar ?? '')
    const { spec } = await cluster.api.get('/apis/apps/v1/namespaces/shop/deployments/shop')
    const names = (key: string) => spec.template.spec[key].map(({ name }: { name: string }) => name)
    expect([names('initContainers'), names('containers')]).toEqual([['vigil', 'envoy'], ['shop']])
  }, 60_000)
})

/** A Deployment as users have it. */
const APP = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'shop', namespace: 'shop' },
  spec: {
    replicas: 0,
    selector: { matchLabels: { app: 'shop' } },
    template: {
      metadata: { labels: { app: 'shop' } },
      spec: { containers: [{ name: 'shop', image: 'shop:1' }] },
    },
  },
}
