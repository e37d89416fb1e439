/** The commands of the start page, as they stand there: what Helm would make of them. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from '@jest/globals'
import { parse } from 'yaml'
import { ROOT } from '../../scripts/root.ts'
import { toRecord } from '../../src/audit/record.ts'
import { HELP } from '../../src/cli/help.ts'
import { describeWithHelm } from '../harness/tools.ts'
import { sampleOutcome } from '../support/edge-samples.ts'
import { type KubeObject, one, parseObjects, runHelm } from './harness/helm.ts'
import { over } from './harness/values.ts'

const page = readFileSync(join(ROOT, 'README.md'), 'utf8')

const section = (title: string): string =>
  new RegExp(`^## ${title}\n([\\s\\S]*?)(?=^## )`, 'm').exec(page)?.[1] ?? ''

/** The commands of each block, a continued line as one, without what is said about it. */
const blocksOf = (title: string): string[][] =>
  [...section(title).matchAll(/^```sh\n([\s\S]*?)^```/gm)].map(([, text = '']) =>
    text
      .replaceAll(/ *\\\n */g, ' ')
      .replaceAll(/\|\n */g, '| ')
      .split('\n')
      .map((line) => line.replace(/ +# .*$/, ''))
      .filter((line) => line !== ''),
  )
const commandsOf = (title: string) => blocksOf(title).flat()

const yamlIn = (title: string) => parse(/^```yaml\n([\s\S]*?)^```/m.exec(section(title))?.[1] ?? '')

const scratch = mkdtempSync(join(tmpdir(), 'vigil-readme-'))
afterAll(() => rmSync(scratch, { recursive: true }))

/** What only plays a part where there is a cluster. */
const ONLY_LIVE = ['--wait', '--create-namespace']

/** Renders what `helm install|upgrade vigil charts/vigil …` would send, from the clone. */
function rendered(helm: string, command: string, mine: object): KubeObject[] {
  const [program, verb, ...rest] = command.split(' ')
  expect([program, verb]).toEqual(['helm', expect.stringMatching(/^(install|upgrade)$/)])
  const file = join(scratch, 'my-values.yaml')
  writeFileSync(file, JSON.stringify(mine))
  const args = rest
    .filter((arg) => !ONLY_LIVE.includes(arg))
    .map((arg) => (arg === 'my-values.yaml' ? file : arg.replace(/^charts\//, `${ROOT}/charts/`)))
  const { status, stdout, stderr } = runHelm(helm, ['template', ...args, '--kube-version', '1.36.0'])
  if (status !== 0) throw new Error(`${command}\n${stderr}`)
  // The key in it is another one each time.
  return parseObjects(stdout).filter(({ kind }) => kind !== 'Secret')
}

const kindsIn = (objects: readonly KubeObject[]) => new Set(objects.map(({ kind }) => kind))
const [ofIstio = [], ofEnvoyGateway = []] = blocksOf('Install')
const MINE = yamlIn('Install')

test('three commands install for Istio, three for Envoy Gateway, one watches and one rolls back', () => {
  expect(blocksOf('Install').map((commands) => commands.length)).toEqual([3, 3])
  for (const title of ['Tune', 'Watch', 'Roll back']) expect(commandsOf(title)).toHaveLength(1)
})

test('what is to be installed decides what the first example decides, and begins by observing', () => {
  const { enforcement, ...dynamic } = MINE.config.dynamic
  expect(dynamic).toEqual(parse(/`vigil\.yaml`:\n\n```yaml\n([\s\S]*?)```/.exec(page)?.[1] ?? ''))
  expect(enforcement).toEqual({ mode: 'observe' })
  expect(MINE.config.static.acknowledge).toEqual({ observe: true })
})

describeWithHelm('the commands of the start page', (helm) => {
  const enabled = (command = '', mine: object = MINE) => rendered(helm, command, mine)

  test('tell istiod of the provider that the policies name, at the Service that is installed', () => {
    const file = /--values (\S+)$/.exec(ofIstio[0] ?? '')?.[1] ?? ''
    const [provider] = parse(readFileSync(join(ROOT, file), 'utf8')).meshConfig.extensionProviders
    const objects = enabled(ofIstio[1])
    const policy = objects.find((object) => object['spec']?.action === 'CUSTOM')
    expect(policy?.['spec'].provider.name).toBe(provider.name)
    const service = one(objects, 'Service')
    const { namespace = '', name } = service.metadata
    expect(provider.envoyExtAuthzGrpc).toMatchObject({
      service: `${namespace}/${name}.${namespace}.svc.cluster.local`,
      port: service['spec'].ports[0].port,
      failOpen: false,
    })
  })

  test('attach Envoy Gateway only in the second step, and change nothing else in it', () => {
    const first = enabled(ofEnvoyGateway[0])
    const second = enabled(ofEnvoyGateway[1])
    const attached = ['BackendTLSPolicy', 'ReferenceGrant', 'SecurityPolicy']
    for (const kind of attached)
      expect([kindsIn(first).has(kind), kindsIn(second).has(kind)]).toEqual([false, true])
    expect(second.filter(({ kind }) => !attached.includes(kind))).toEqual(first)
  })

  test('tune with the values of the installation', () => {
    const [tune = ''] = commandsOf('Tune')
    expect(enabled(tune)).toEqual(enabled(ofIstio[1]))
    const rule = { name: 'new', when: 'subject.kind == "machine"', effect: 'deny', shadow: true }
    const tuned = enabled(tune, over(MINE, { config: { dynamic: { policy: [rule] } } }))
    expect(one(tuned, 'Deployment')).toEqual(one(enabled(tune), 'Deployment'))
    expect(one(tuned, 'ConfigMap', 'vigil-dynamic')).not.toEqual(
      one(enabled(tune), 'ConfigMap', 'vigil-dynamic'),
    )
  })

  test('bring monitors, alerts and the dashboard with what Watch adds', () => {
    const objects = enabled(commandsOf('Tune')[0], over(MINE, yamlIn('Watch')))
    for (const kind of ['PodMonitor', 'PrometheusRule']) expect(kindsIn(objects)).toContain(kind)
    expect(() => one(objects, 'ConfigMap', 'vigil-dashboard')).not.toThrow()
  })

  test('read the logs of the pods that serve', () => {
    const [, key = '', value = ''] = / -l (\S+)=(\S+) /.exec(commandsOf('Watch')[0] ?? '') ?? []
    const objects = enabled(ofIstio[1])
    expect(one(objects, 'Deployment')['spec'].template.metadata.labels[key]).toBe(value)
  })

  test('detach before they uninstall', () => {
    const [detach = '', ...uninstall] = commandsOf('Uninstall')
    const objects = enabled(detach)
    const attached = enabled(ofIstio[1])
    const others = attached.filter(({ apiVersion }) => !apiVersion.includes('istio'))
    expect(attached.length - others.length).toBeGreaterThan(1)
    expect(objects).toEqual(others)
    expect(uninstall).toEqual(['helm -n vigil uninstall vigil'])
  })

  test('are commands of Helm', () => {
    expect(commandsOf('Roll back')).toEqual(['helm -n vigil rollback vigil'])
    for (const verb of ['rollback', 'uninstall']) expect(runHelm(helm, [verb, '--help']).status).toBe(0)
  })
})

test('records in the logs are told from other lines by how they begin', () => {
  const wanted = /grep '\^([^']+)'/.exec(commandsOf('Watch')[0] ?? '')?.[1] ?? 'none'
  const record = toRecord(sampleOutcome(), { durationUs: 1, config: 'c0ffee', headers: [] })
  expect(JSON.stringify(record).startsWith(wanted)).toBe(true)
})

test('what is asked of vigil is what it can do', () => {
  const asked = ['Install', 'Watch']
    .flatMap(commandsOf)
    .flatMap((line) => [...line.matchAll(/npx vigil (\w+) (--\w+)/g)])
  expect(asked.length).toBe(3)
  for (const [, command = '', option = ''] of asked)
    expect(HELP[command as keyof typeof HELP]).toContain(option)
})
