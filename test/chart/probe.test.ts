/** `helm test`: the Pod that asks over the Service, and who lets it. */
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { expect, test } from '@jest/globals'
import { PROBE_OPTIONS, probeArgs } from '../../src/cli/probe/args.ts'
import { describeWithHelm } from '../harness/tools.ts'
import { CHART, type KubeObject, one, render } from './harness/helm.ts'
import { MINIMAL, over } from './harness/values.ts'

const SECRET = {
  tls: { mode: 'secret', existingSecret: 'vigil-tls' },
  config: { static: { server: { callers: ['spiffe://cluster.local/ns/edge/sa/gateway'] } } },
}
const CLIENT = { probe: { existingSecret: 'vigil-probe-client' } }

type Layer = Parameters<typeof over>[1]

/** The command line as the command itself reads it. */
function askedBy({ spec }: KubeObject) {
  const [command, ...args] = spec.containers[0].args as string[]
  expect(command).toBe('probe')
  const options = Object.fromEntries(Object.entries(PROBE_OPTIONS).map(([name, type]) => [name, { type }]))
  const { values, positionals } = parseArgs({ args, options, allowPositionals: true })
  return probeArgs(values as Record<string, string | boolean>, positionals)
}

describeWithHelm('helm test', (helm) => {
  const withPod = (...more: Layer[]) =>
    one(render(helm, more.reduce<Layer>(over, MINIMAL)), 'Pod', 'vigil-probe')

  test('asks the Service in plaintext where the mesh brings TLS', () => {
    const pod = withPod()
    expect(pod.metadata['annotations']).toMatchObject({ 'helm.sh/hook': 'test' })
    expect(askedBy(pod)).toMatchObject({
      address: 'vigil.vigil-system.svc.cluster.local:9000',
      isPlaintext: true,
      waitMs: 60_000,
    })
    expect(pod['spec'].volumes).toBeUndefined()
  })

  test('shows a client certificate of its own Secret where Vigil speaks TLS', () => {
    const pod = withPod(SECRET, CLIENT)
    const dir = '/etc/vigil/probe'
    const files = { ca: `${dir}/ca.crt`, cert: `${dir}/tls.crt`, key: `${dir}/tls.key` }
    expect(askedBy(pod)).toMatchObject({ ...files, isPlaintext: false })
    expect(pod['spec'].volumes[0].secret.secretName).toBe('vigil-probe-client')
  })

  test('shows none where none is asked for', () => {
    const tls = { ...SECRET.tls, clientCaKey: '' }
    const noClients = { tls, acknowledge: { anyCaller: true } }
    expect(askedBy(withPod(noClients, CLIENT))).toMatchObject({
      ca: '/etc/vigil/probe/ca.crt',
      cert: undefined,
    })
  })

  test.each<[string, Layer]>([
    ['TLS without a Secret to ask with', SECRET],
    ['it is switched off', { probe: { enabled: false } }],
  ])('is not there: %s', (_what, more) => {
    const kinds = render(helm, over(MINIMAL, more)).map(({ kind }) => kind)
    expect(kinds).not.toContain('Pod')
  })

  test('is in the mesh when the pods that it asks are, and never one of them', () => {
    const ready = join(CHART, 'values', 'istio-sidecar.yaml')
    const objects = render(helm, MINIMAL, { args: ['--values', ready] })
    const { labels } = one(objects, 'Pod', 'vigil-probe').metadata
    expect(labels).toMatchObject({
      'sidecar.istio.io/inject': 'true',
      'app.kubernetes.io/component': 'probe',
      'app.kubernetes.io/managed-by': 'Helm',
    })
    expect(labels).not.toMatchObject(one(objects, 'Service')['spec'].selector)
  })

  test('has each label once, that of podLabels first', () => {
    const version = { 'app.kubernetes.io/version': 'mine', team: 'pods' }
    const pod = withPod({ podLabels: version, commonLabels: { team: 'all', costs: '1' } })
    expect(pod.metadata.labels).toMatchObject({ ...version, costs: '1' })
  })

  test('is let in by the NetworkPolicy, and nobody is where it is switched off', () => {
    const peersOf = (more: Layer) =>
      JSON.stringify(one(render(helm, over(MINIMAL, more)), 'NetworkPolicy')['spec'].ingress)
    const { labels } = withPod().metadata as unknown as { labels: Record<string, string> }
    expect(labels['app.kubernetes.io/component']).toBe('probe')
    expect(peersOf({})).toContain('"app.kubernetes.io/component":"probe"')
    expect(peersOf({ probe: { enabled: false } })).not.toContain('"probe"')
  })
})
