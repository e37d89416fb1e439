/** Vigil beside an application, as docs/install.md shows it: an object that is taken, as safe as the chart's, and a file that is read. */
import { randomBytes, randomUUID } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { parse } from 'yaml'
import { ROOT } from '../../scripts/root.ts'
import { systemClock } from '../../src/clock.ts'
import { checkFiles } from '../../src/inspect.ts'
import { describeWithHelm, describeWithSchemas } from '../harness/tools.ts'
import { type KubeObject, one, render } from './harness/helm.ts'
import { strictly, versionsOf } from './harness/strict.ts'
import { MINIMAL } from './harness/values.ts'

const blocks = [
  ...readFileSync(join(ROOT, 'docs/install.md'), 'utf8').matchAll(/^```yaml\n([\s\S]*?)^```/gm),
].map(([, yaml = '']) => yaml)
const block = (start: string): string => {
  const [found, ...more] = blocks.filter((yaml) => yaml.startsWith(start))
  if (found === undefined || more.length > 0) throw new Error(`not one block that begins with ${start}`)
  return found
}
const RULES = `
entrypoints: [{ name: shop, externalOrigins: ["https://shop.example.com"] }]
identity:
  issuers: [{ issuer: "https://idp.example.com", audiences: ["https://shop.example.com"], jwks: { discovery: true } }]
actions: [{ name: read, match: { methods: [GET], paths: ["/{rest...}"] } }]
`
const deployment = parse(block('apiVersion:')) as KubeObject
const pod = deployment['spec'].template.spec
const [vigil] = pod.initContainers

describeWithSchemas('the sidecar', (_helm, index) => {
  test.each(versionsOf(index))('is taken by Kubernetes %s', (version) => {
    expect(strictly(index, version)(deployment)).toEqual([])
  })
})

describeWithHelm('the sidecar', (helm) => {
  const own = one(render(helm, MINIMAL), 'Deployment')['spec'].template.spec
  const [container] = own.containers

  test('runs as the pods of the chart do', () => {
    expect(vigil.restartPolicy).toBe('Always')
    expect(vigil.args).toEqual(container.args)
    expect(vigil.securityContext).toEqual(container.securityContext)
    expect(pod.securityContext).toEqual(own.securityContext)
    expect(vigil.env).toEqual(container.env)
    for (const probe of ['startupProbe', 'readinessProbe', 'livenessProbe'])
      expect(vigil[probe].httpGet.path).toBe(container[probe].httpGet.path)
    for (const each of pod.containers) expect(each.securityContext).toEqual(container.securityContext)
  })
})

test('what it mounts is there, and Envoy has the folder of the socket', () => {
  const names = pod.volumes.map(({ name }: { name: string }) => name)
  for (const each of [vigil, ...pod.containers])
    for (const mount of each.volumeMounts ?? []) expect(names).toContain(mount.name)
  const fixed = parse(block('server:'))
  const socket = fixed.server.listen[0].slice('unix:'.length)
  for (const each of [vigil, pod.containers[0]])
    expect(each.volumeMounts.some((mount: KubeObject) => socket.startsWith(`${mount['mountPath']}/`))).toBe(
      true,
    )
  expect(fixed.probes.listen).toMatch(new RegExp(`:${vigil.livenessProbe.httpGet.port}$`))
  const { delay, timeout } = { delay: fixed.server.drainDelaySeconds, timeout: 20 }
  expect(pod.terminationGracePeriodSeconds).toBeGreaterThan(delay + timeout)
})

test('its static.yaml is one that the service takes', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'vigil-sidecar-'))
  const place = (name: string, text: string) => {
    writeFileSync(join(folder, name), text)
    return join(folder, name)
  }
  const key = place('key.yaml', 'a secret')
  const fixed = place('static.yaml', block('server:').replace(/(instanceKeyFile: ).*/, `$1${key}`))
  let said = ''
  const write = (text: string) => {
    said += text
  }
  const args = { files: [fixed, place('vigil.yaml', RULES)], isQuiet: true, isJson: false }
  const io = { stdin: process.stdin, stdout: write, stderr: write }
  const code = await checkFiles(args, io, { clock: systemClock, entropy: randomBytes, newId: randomUUID })
  rmSync(folder, { recursive: true })
  expect([code, said]).toEqual([0, ''])
})
