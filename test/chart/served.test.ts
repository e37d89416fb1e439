/** The service itself reads what the chart renders, at the paths at which it is mounted. */
import { randomBytes, randomUUID } from 'node:crypto'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { HELP } from '../../src/cli/help.ts'
import { systemClock } from '../../src/clock.ts'
import { readInstanceKey } from '../../src/config/instance-key.ts'
import { checkFiles } from '../../src/inspect.ts'
import { describeWithHelm } from '../harness/tools.ts'
import { type KubeObject, one, render } from './harness/helm.ts'
import { MINIMAL, over } from './harness/values.ts'

let root: string
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'vigil-pod-'))
})
afterEach(() => rmSync(root, { recursive: true }))

/** Lays the volumes of a pod out below `root`, as the kubelet does; Secrets that the chart only names are stand-ins. */
function mountVolumes(
  objects: readonly KubeObject[],
  pod: KubeObject['spec'],
  container: KubeObject['spec'],
) {
  for (const { name, mountPath } of container.volumeMounts) {
    const volume = pod.volumes.find((each: { name: string }) => each.name === name)
    const { items, name: configMap } =
      volume.configMap ?? volume.secret ?? volume.projected.sources[0].configMap
    const data = volume.configMap === undefined ? undefined : one(objects, 'ConfigMap', configMap)['data']
    for (const { key, path } of items) {
      const file = join(root, mountPath, path)
      mkdirSync(dirname(file), { recursive: true })
      const content = data === undefined ? 'a secret' : data[key]
      if (content === undefined) throw new Error(`ConfigMap ${configMap} has no key ${key}`)
      // Paths of the configuration are absolute in a pod and lie below `root` here.
      writeFileSync(file, content.replaceAll(/: (\/etc\/vigil\/)/g, `: ${root}$1`))
    }
  }
}

/** `vigil config check` as the Job runs it: its exit code and what it says. */
async function runCheck(objects: readonly KubeObject[]): Promise<[number, string]> {
  const pod = one(objects, 'Job', 'vigil-check')['spec'].template.spec
  const [container] = pod.containers
  mountVolumes(objects, pod, container)
  const [, , , ...files] = container.args as string[]
  expect(container.args.slice(0, 3)).toEqual(['config', 'check', '--quiet'])
  let said = ''
  const write = (text: string) => {
    said += text
  }
  const io = { stdin: process.stdin, stdout: write, stderr: write }
  const args = { files: files.map((file) => join(root, file)), isQuiet: true, isJson: false }
  const code = await checkFiles(args, io, { clock: systemClock, entropy: randomBytes, newId: randomUUID })
  return [code, said]
}

const RULE = { name: 'no-machines', when: 'subject.kind == "machine"', effect: 'deny' }

const GOOD = over(MINIMAL, {
  config: {
    static: {
      server: { callers: ['spiffe://mesh/ns/ingress/sa/gateway'] },
      store: { redis: { username: 'vigil' } },
      telemetry: { otlp: { url: 'http://collector.telemetry.svc:4318' } },
    },
    dynamic: {
      identity: {
        issuers: [{ issuer: 'https://idp.example.com', audiences: ['a'], jwks: { discovery: true } }],
        cache: { maxBytes: 67_108_864 },
      },
      entrypoints: [{ name: 'gateway', externalOrigins: ['https://api.example.com'] }],
      actions: [{ name: 'read', match: { methods: ['GET'], paths: ['/v1/{rest...}'] } }],
      policy: [RULE],
    },
    policy: { 'fraud.yaml': { priority: 10, rules: [{ ...RULE, name: 'of-a-team' }] } },
  },
  store: { existingSecret: 'login', passwordKey: 'password', caKey: 'ca', certKey: 'crt', keyKey: 'key' },
  secrets: { otlpHeaders: { existingSecret: 'collector' } },
  tls: { mode: 'secret', existingSecret: 'vigil-tls' },
})

describeWithHelm('vigil config check, as the Job runs it', (helm) => {
  test('takes a configuration that uses all that can be mounted', async () => {
    expect(await runCheck(render(helm, GOOD))).toEqual([0, ''])
  })

  test.each<[string, object]>([
    ['certManager', { certManager: { issuerRef: { name: 'ca' } } }],
    ['spiffeCsi', { spiffeCsi: { trustDomain: 'mesh' } }],
    ['podCertificate', { podCertificate: { signerName: 'a.b/c' }, clientCa: { configMap: 'envoys' } }],
  ])('takes a certificate that comes with the installation itself: %s', async (mode, tls) => {
    const values = over(GOOD, { tls: { mode, existingSecret: '', ...tls } })
    expect(await runCheck(render(helm, values))).toEqual([0, ''])
  })

  test('takes the key that comes with the installation itself', async () => {
    const own = over(GOOD, { secrets: { instanceKey: { existingSecret: '' } } })
    expect(await runCheck(render(helm, own))).toEqual([0, ''])
  })

  test('refuses a condition that does not compile, with place and nearest name', async () => {
    const rule = { ...RULE, when: 'subject.knd == "machine"' }
    const [code, said] = await runCheck(render(helm, over(GOOD, { config: { dynamic: { policy: [rule] } } })))
    expect(code).toBe(1)
    expect(said).toMatch(/vigil\.yaml:\d+:\d+/)
    expect(said).toContain('did you mean "kind"')
  })

  test('refuses a condition of a team', async () => {
    const rules = [{ ...RULE, when: 'nonsense(' }]
    const bad = over(GOOD, { config: { policy: { 'fraud.yaml': { priority: 10, rules } } } })
    const [code, said] = await runCheck(render(helm, bad))
    expect(code).toBe(1)
    expect(said).toMatch(/fraud\.yaml:\d+:\d+/)
  })

  test('refuses what the two files contradict each other in', async () => {
    const sinks = [{ kind: 'otlp' }]
    const bad = over(GOOD, {
      config: { static: { telemetry: undefined }, dynamic: { audit: { sinks } } },
      secrets: { otlpHeaders: { existingSecret: '' } },
    })
    const [code, said] = await runCheck(render(helm, bad))
    expect(code).toBe(1)
    expect(said).toContain('no collector is known')
  })
})

describeWithHelm('the pods', (helm) => {
  test('get the same files as the check', () => {
    const objects = render(helm, GOOD)
    const check = one(objects, 'ConfigMap', 'vigil-check')['data']
    const { placeholder, ...files } = check
    expect(placeholder).toBe('')
    const own = ['vigil-static', 'vigil-dynamic'].map((name) => one(objects, 'ConfigMap', name)['data'])
    expect(files).toEqual(Object.assign({}, ...own))
    const mounts = (kind: string, name: string) =>
      one(objects, kind, name)['spec'].template.spec.containers[0].volumeMounts
    expect(mounts('Job', 'vigil-check')).toEqual(mounts('Deployment', 'vigil'))
  })

  test('run a command that there is', () => {
    const [container] = one(render(helm, GOOD), 'Deployment')['spec'].template.spec.containers
    const [command, ...options] = container.args as string[]
    expect(command).toBe('serve')
    for (const option of options.filter((each) => each.startsWith('--')))
      expect(HELP.serve).toContain(`${option} FILE`)
  })

  test('get an instance key that the service reads, another one each time', async () => {
    const keys = []
    for (let i = 0; i < 5; i++) {
      const objects = render(helm, over(MINIMAL, { secrets: { instanceKey: { existingSecret: '' } } }))
      const secret = one(objects, 'Secret', 'vigil-instance-key')
      expect(secret.metadata.annotations).toEqual({ 'helm.sh/resource-policy': 'keep' })
      const file = join(root, 'key.yaml')
      writeFileSync(file, Buffer.from(secret['data']['instance-key.yaml'], 'base64'))
      const { root: own, current } = await readInstanceKey(file)
      keys.push(own.toString('hex'), current.toString('hex'))
    }
    expect(new Set(keys).size).toBe(10)
  })
})
