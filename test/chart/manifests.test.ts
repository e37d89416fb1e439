/** k8s/: what the chart renders, for kubectl; and what kubectl makes of it is what an API server and the service take. */
import { execFileSync } from 'node:child_process'
import { randomBytes, randomUUID } from 'node:crypto'
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, describe, expect, test } from '@jest/globals'
import { parse, stringify } from 'yaml'
import { FOLDERS, filesOf } from '../../scripts/manifests/folders.ts'
import { ROOT } from '../../scripts/root.ts'
import { systemClock } from '../../src/clock.ts'
import { checkFiles } from '../../src/inspect.ts'
import { describeWithEnvoy, describeWithHelm4, describeWithKubectl } from '../harness/tools.ts'
import { type KubeObject, one, parseObjects } from './harness/helm.ts'
import { strictly, versionsOf } from './harness/strict.ts'

const K8S = join(ROOT, 'k8s')
const NAMES = FOLDERS.map(({ name }) => name)
const APART = NAMES.filter((name) => name !== 'envoy-sidecar')
const page = readFileSync(join(K8S, 'README.md'), 'utf8')

/** What nobody generates. */
const BY_HAND = ['values.yaml', 'kustomization.yaml']

describeWithHelm4('npm run manifests', (helm) => {
  test.each(FOLDERS)('has written $name', (folder) => {
    const written = filesOf(folder, helm)
    for (const [file, text] of written)
      expect([file, readFileSync(join(K8S, folder.name, file), 'utf8')]).toEqual([file, text])
    const others = folder.name === 'envoy-sidecar' ? [...BY_HAND, 'networkpolicy.yaml'] : BY_HAND
    expect(readdirSync(join(K8S, folder.name)).sort()).toEqual([...written.keys(), ...others].sort())
  })
})

test('every folder is one that is written, and stands on the page', () => {
  const folders = readdirSync(K8S, { withFileTypes: true }).filter((entry) => entry.isDirectory())
  expect(folders.map(({ name }) => name).sort()).toEqual([...NAMES].sort())
  for (const name of NAMES) expect(page).toContain(`[${name}](${name}/)`)
})

/** Nobody writes kustomization.yaml, so nobody else would notice the old tag in a new release. */
test.each(APART)('the tag in kustomization.yaml is this version: %s', (name) => {
  const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { version: string }
  const { images } = parse(readFileSync(join(K8S, name, 'kustomization.yaml'), 'utf8'))
  expect(images).toEqual([{ name: 'vigil', newName: 'registry.example.com/vigil', newTag: version }])
})

const scratch = mkdtempSync(join(tmpdir(), 'vigil-k8s-'))
afterAll(() => rmSync(scratch, { recursive: true }))

/** A Deployment as users have it. */
const APP = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'shop', namespace: 'shop' },
  spec: {
    selector: { matchLabels: { app: 'shop' } },
    template: {
      metadata: { labels: { app: 'shop' } },
      spec: {
        initContainers: [{ name: 'migrate', image: 'shop:1' }],
        containers: [
          { name: 'shop', image: 'shop:1', volumeMounts: [{ name: 'static', mountPath: '/web' }] },
        ],
        volumes: [{ name: 'static', emptyDir: {} }],
      },
    },
  },
}

/** Without a cluster and with a home of its own. */
function run(kubectl: string, ...args: readonly string[]): string {
  const env = { PATH: process.env['PATH'], HOME: scratch, KUBECONFIG: join(scratch, 'none') }
  return execFileSync(kubectl, args, { encoding: 'utf8', timeout: 60_000, env })
}

/** What `kubectl apply -k` would send. */
const built = (kubectl: string, folder: string) => parseObjects(run(kubectl, 'kustomize', folder))

/** What the page says to apply of a folder, in all. */
function applied(kubectl: string, name: string): KubeObject[] {
  const objects = built(kubectl, join(K8S, name))
  if (name !== 'envoy-sidecar')
    return [...objects, ...parseObjects(readFileSync(join(K8S, name, 'attach.yaml'), 'utf8'))]
  const app = join(scratch, 'app.yaml')
  writeFileSync(app, stringify(APP))
  const patch = join(K8S, name, 'patch.yaml')
  return [
    ...objects,
    ...parseObjects(run(kubectl, 'patch', '--local', '-f', app, '--patch-file', patch, '-o', 'yaml')),
  ]
}

const podOf = (objects: readonly KubeObject[]) =>
  objects.find(({ kind }) => kind === 'Deployment')?.['spec'].template.spec

/** The container that serves, wherever it stands. */
const vigilIn = (pod: KubeObject['spec']) =>
  [...(pod.initContainers ?? []), ...pod.containers].find(({ name }: { name: string }) => name === 'vigil')

describeWithKubectl('kubectl makes of k8s/', (kubectl, index) => {
  const all = NAMES.map((name) => [name, applied(kubectl, name)] as const)

  // strict.test.ts holds the chart to those between them, too.
  const versions = versionsOf(index)
  test.each([
    versions[0] ?? '',
    versions.at(-1) ?? '',
  ])('what an API server takes, on Kubernetes %s', (version) => {
    const validate = strictly(index, version)
    for (const [folder, objects] of all)
      for (const object of objects)
        expect({ folder, kind: object.kind, wrong: validate(object) }).toMatchObject({ wrong: [] })
  })

  test.each(all)('nothing that only Helm understands: %s', (_, objects) => {
    expect(objects.length).toBeGreaterThan(3)
    expect(JSON.stringify(objects)).not.toMatch(/helm|Helm|checksum/)
    for (const { kind } of objects) expect(['Job', 'Pod', 'Secret']).not.toContain(kind)
  })

  test.each(
    all,
  )('only Secrets and ConfigMaps that are there or that the page says how to make: %s', (_, objects) => {
    const names = podOf(objects).volumes.flatMap(({ secret, configMap }: KubeObject['spec']) => [
      ...(secret ? [['Secret', secret.secretName]] : []),
      ...(configMap ? [['ConfigMap', configMap.name]] : []),
    ])
    expect(names.length).toBeGreaterThan(3)
    for (const [kind, name] of names) {
      if (kind === 'Secret') expect(page).toContain(`create secret generic ${name} `)
      else
        expect(
          objects.filter((object) => object.kind === kind).map(({ metadata }) => metadata.name),
        ).toContain(name)
    }
  })

  test.each(
    all,
  )('containers that Pod Security restricted takes, and files that they can read: %s', (_, objects) => {
    const pod = podOf(objects)
    const own = [...(pod.initContainers ?? []), ...pod.containers].filter(
      ({ name }) => name === 'vigil' || name === 'envoy',
    )
    for (const { securityContext } of own)
      expect({ ...pod.securityContext, ...securityContext }).toMatchObject({
        runAsNonRoot: true,
        runAsUser: expect.any(Number),
        seccompProfile: { type: 'RuntimeDefault' },
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        capabilities: { drop: ['ALL'] },
      })
    for (const { secret } of pod.volumes)
      if (secret) expect(secret.defaultMode).toBe(pod.securityContext?.fsGroup === 65532 ? 0o440 : 0o444)
  })

  test.each(
    all,
  )('settings that the service takes, at the paths at which they are mounted: %s', async (name, objects) => {
    const [code, said] = await check(name, objects)
    expect(code).toBe(0)
    // They begin by observing, and the page says so.
    expect(said.match(/warning|error/g)).toEqual(['warning'])
    expect(said).toContain('warning: observe mode')
  })

  test.each(APART)('pods that roll for static.yaml, and stay for vigil.yaml: %s', (name) => {
    const copy = join(scratch, name)
    cpSync(join(K8S, name), copy, { recursive: true })
    const edit = (file: string, line: string) => {
      const path = join(copy, file)
      writeFileSync(path, `${readFileSync(path, 'utf8')}${line}\n`)
      const objects = built(kubectl, copy)
      return one(objects, 'Deployment')['spec'].template
    }
    const before = one(built(kubectl, copy), 'Deployment')['spec'].template
    expect(edit('vigil.yaml', 'risk: {signals: {automation: {enabled: false}}}')).toEqual(before)
    expect(edit('static.yaml', 'telemetry: {logLevel: warn}')).not.toEqual(before)
  })

  test.each(APART)('the image of kustomization.yaml everywhere: %s', (name) => {
    const images = [...JSON.stringify(built(kubectl, join(K8S, name))).matchAll(/"image":"([^"]+)"/g)]
    expect(images.map(([, image]) => image)).toEqual([
      expect.stringMatching(/^registry\.example\.com\/vigil:/),
    ])
  })

  test('of an application its own, with Vigil and Envoy started before it', () => {
    const pod = podOf(applied(kubectl, 'envoy-sidecar'))
    expect(pod.containers).toEqual(APP.spec.template.spec.containers)
    expect(pod.volumes).toContainEqual({ name: 'static', emptyDir: {} })
    const starts = pod.initContainers.map(({ name, restartPolicy }: KubeObject['spec']) => [
      name,
      restartPolicy,
    ])
    expect(starts).toEqual([
      ['vigil', 'Always'],
      ['envoy', 'Always'],
      ['migrate', undefined],
    ])
  })
})

/** `vigil config check` of what is mounted: its exit code and what it says. */
async function check(folder: string, objects: readonly KubeObject[]): Promise<[number, string]> {
  const pod = podOf(objects)
  const root = join(scratch, `${folder}-mounts`)
  const container = vigilIn(pod)
  for (const { name, mountPath } of container.volumeMounts) {
    const { configMap, secret } = pod.volumes.find((each: { name: string }) => each.name === name)
    const data = configMap === undefined ? undefined : one(objects, 'ConfigMap', configMap.name)['data']
    for (const { key, path } of (configMap ?? secret).items) {
      const file = join(root, mountPath, path)
      mkdirSync(dirname(file), { recursive: true })
      writeFileSync(
        file,
        data === undefined ? 'a secret' : data[key].replaceAll(/: (\/etc\/vigil\/)/g, `: ${root}$1`),
      )
    }
  }
  const files = (container.args as string[])
    .filter((arg) => arg.startsWith('/'))
    .map((file) => join(root, file))
  expect(files).toHaveLength(2)
  let said = ''
  const write = (text: string) => {
    said += text
  }
  const io = { stdin: process.stdin, stdout: write, stderr: write }
  const parts = { clock: systemClock, entropy: randomBytes, newId: randomUUID }
  return [await checkFiles({ files, isQuiet: true, isJson: false }, io, parts), said]
}

describe('envoy-sidecar', () => {
  const envoy = () => readFileSync(join(K8S, 'envoy-sidecar', 'envoy.yaml'), 'utf8')

  test('is the sidecar of envoy/, but for the address that it listens on', () => {
    const own = parse(readFileSync(join(ROOT, 'envoy', 'sidecar.yaml'), 'utf8'))
    own.static_resources.listeners[0].address.socket_address.address = '0.0.0.0'
    expect(parse(envoy())).toEqual(own)
  })

  test('asks where Vigil listens, and nobody else reaches that', () => {
    const fixed = parse(readFileSync(join(K8S, 'envoy-sidecar', 'static.yaml'), 'utf8'))
    const [vigil] = parse(envoy()).static_resources.clusters
    const { address, port_value } =
      vigil.load_assignment.endpoints[0].lb_endpoints[0].endpoint.address.socket_address
    expect(fixed.server.listen).toEqual([`${address}:${port_value}`])
    expect(address).toBe('127.0.0.1')
  })

  test('lets the network reach Envoy and metrics alone', () => {
    const [policy] = parseObjects(readFileSync(join(K8S, 'envoy-sidecar', 'networkpolicy.yaml'), 'utf8'))
    const ports = policy?.['spec'].ingress.flatMap((rule: KubeObject['spec']) => rule.ports)
    const patch = parse(readFileSync(join(K8S, 'envoy-sidecar', 'patch.yaml'), 'utf8'))
    const opened = patch.spec.template.spec.initContainers.flatMap((each: KubeObject['spec']) => each.ports)
    expect(ports.map(({ port }: { port: number }) => port).sort()).toEqual(
      opened.map(({ containerPort }: { containerPort: number }) => containerPort).sort(),
    )
  })
})

describeWithEnvoy('the Envoy of envoy-sidecar', '1.40.0', (binary) => {
  test('takes envoy.yaml, and is the one that is tested', () => {
    const file = join(K8S, 'envoy-sidecar', 'envoy.yaml')
    const said = execFileSync('/bin/sh', ['-c', '"$0" --mode validate -c "$1" 2>&1', binary, file], {
      encoding: 'utf8',
    })
    expect(said).toContain('OK')
    expect(readFileSync(join(K8S, 'envoy-sidecar', 'patch.yaml'), 'utf8')).toContain('envoy:v1.40.0')
  })
})

test('the commands of the page name files that are there', () => {
  const named = [...page.matchAll(/(?:-f|-k|--patch-file) ([a-z][a-z0-9/.-]+)/g)].map(([, path = '']) => path)
  expect(named.length).toBeGreaterThan(5)
  for (const path of named)
    expect(() => readFileSync(join(K8S, path, path.endsWith('.yaml') ? '' : 'values.yaml'))).not.toThrow()
})
