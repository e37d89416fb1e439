/** The chart as a package: linted, small, and in the words of its notes. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { parse, stringify } from 'yaml'
import { describeWithHelm, describeWithHelm4 } from '../harness/tools.ts'
import { CHART, runHelm } from './harness/helm.ts'
import { MINIMAL, over } from './harness/values.ts'

const LARGEST = 100_000

function withFolder<T>(act: (folder: string) => T): T {
  const folder = mkdtempSync(join(tmpdir(), 'vigil-package-'))
  try {
    return act(folder)
  } finally {
    rmSync(folder, { recursive: true })
  }
}

describeWithHelm('the chart', (helm, which) => {
  test('is proved with the version of Helm that is told here', () => {
    const { stdout } = runHelm(helm, ['version', '--short'])
    process.stdout.write(`${which}: ${stdout.trim()}\n`)
    expect(stdout).toMatch(which === 'helm' ? /^v4\./ : /^v3\./)
  })

  test.each([
    ['with its defaults', {}],
    ['with the fewest values', MINIMAL],
  ])('passes helm lint --strict %s', (_, values) => {
    withFolder((folder) => {
      const file = join(folder, 'values.yaml')
      writeFileSync(file, stringify(values))
      const said = runHelm(helm, ['lint', '--strict', '--kube-version', '1.36.0', '--values', file, CHART])
      expect(said).toMatchObject({ status: 0, stdout: expect.stringContaining('0 chart(s) failed') })
      expect(said.stdout).not.toMatch(/\[(WARNING|ERROR)\]/)
    })
  })

  test(`is packaged in at most ${LARGEST} bytes`, () => {
    withFolder((folder) => {
      const { status, stderr } = runHelm(helm, ['package', CHART, '--destination', folder])
      expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
      const [archive = ''] = readdirSync(folder)
      const { size } = statSync(join(folder, archive))
      process.stdout.write(`${which}: ${archive} has ${size} bytes\n`)
      expect(size).toBeLessThan(LARGEST)
    })
  })
})

test('templates stay short enough to be read', () => {
  const folder = join(CHART, 'templates')
  const long = readdirSync(folder).filter((file) => {
    const lines = readFileSync(join(folder, file), 'utf8').split('\n').length - 1
    return lines > (file === '_helpers.tpl' ? 200 : 150)
  })
  expect(long).toEqual([])
})

test('every template is validated first, in whatever order Helm takes them', () => {
  const folder = join(CHART, 'templates')
  const without = readdirSync(folder).filter((file) => {
    const [first] = readFileSync(join(folder, file), 'utf8').split('\n', 1)
    return file.endsWith('.yaml') && first !== '{{- include "vigil.validate" . -}}'
  })
  expect(without).toEqual([])
})

test('the chart carries the version of the service', () => {
  const { version } = JSON.parse(readFileSync(join(CHART, '../../package.json'), 'utf8'))
  expect(parse(readFileSync(join(CHART, 'Chart.yaml'), 'utf8'))).toMatchObject({
    version,
    appVersion: version,
  })
})

/** What `helm install` would print. */
function notes(helm: string, values: object): string {
  return withFolder((folder) => {
    const file = join(folder, 'values.yaml')
    writeFileSync(file, stringify(over(MINIMAL, values as Record<string, unknown>)))
    const args = ['install', 'vigil', CHART, '--dry-run=client', '--namespace', 'v', '--values', file]
    const { status, stdout, stderr } = runHelm(helm, args)
    expect({ status, stderr: status === 0 ? '' : stderr }).toEqual({ status: 0, stderr: '' })
    return stdout.slice(stdout.indexOf('\nNOTES:'))
  })
}

const SHOP = [{ name: 'g', namespace: 'ingress', selector: { istio: 'ingress' } }]
const ATTACHED = {
  attach: { istio: { enabled: true, callers: ['cluster.local/ns/i/sa/g'], policies: SHOP } },
}
const ROUTES = [
  { name: 'a', namespace: 'apps', targetRefs: [{ kind: 'Gateway', name: 'eg' }] },
  { name: 'b', namespace: 'shop', targetRefs: [{ kind: 'HTTPRoute', name: 'shop' }] },
]

// Helm 3 asks a cluster even for a dry run.
describeWithHelm4('the notes', (helm) => {
  test.each([
    [
      'observe mode',
      {
        config: { dynamic: { enforcement: { mode: 'observe' } }, static: { acknowledge: { observe: true } } },
      },
      /\*{3} OBSERVE MODE/,
    ],
    [
      'the dev store',
      { config: { static: { store: undefined } }, devStore: { enabled: true } },
      /\*{3} DEV STORE/,
    ],
    ['plaintext', { tls: { mode: 'off' }, acknowledge: { plaintext: true } }, /\*{3} PLAINTEXT/],
    [
      'any caller',
      { tls: { mode: 'secret', existingSecret: 's' }, acknowledge: { anyCaller: true } },
      /\*{3} ANY CALLER/,
    ],
    [
      'a memory store of several pods',
      { config: { static: { store: undefined } }, acknowledge: { memoryStoreWithReplicas: true } },
      /\*{3} MEMORY STORE/,
    ],
    [
      'plaintext to an Envoy Gateway in a mesh',
      { attach: { envoyGateway: { enabled: true, policies: ROUTES } }, acknowledge: { plaintext: true } },
      /\*{3} PLAINTEXT/,
    ],
    ['what is not attached', { attach: { istio: { policies: SHOP } } }, /NOT ATTACHED: attach.istio.enabled/],
    ['the provider before it is asked', { attach: { istio: { policies: SHOP } } }, /^ +- name: vigil$/m],
    ['that pods belong into the mesh', ATTACHED, /IN THE MESH\? .* Namespace v must/],
    [
      'of paths as they were sent',
      { attach: { istio: { policies: [{ ...SHOP[0], exceptPaths: ['/healthz', '/assets/*'] }] } } },
      /exceptPaths of g end in \*/,
    ],
    ['a proof for each attachment', ATTACHED, 'vigil probe --attachment https://HOST/'],
    ['fail-open', { attach: { failureMode: 'open' }, acknowledge: { failOpen: true } }, /\*{3} FAIL OPEN/],
    ['that nothing is allowed yet', {}, 'every request is denied'],
    ['who may ask', {}, 'kubectl label namespace NAMESPACE vigil/caller=true'],
    [
      'what GitOps needs',
      { secrets: { instanceKey: { existingSecret: '' } } },
      'give secrets.instanceKey.existingSecret',
    ],
    ['the way back', {}, 'helm -n v rollback vigil'],
    ['what they cannot see', { existingConfigMap: 'own' }, 'ConfigMap own says the chart does not see'],
    [
      'what an uninstall opens in Istio, and what closes it',
      ATTACHED,
      /UNINSTALL OPENS: ingress\/istio=ingress is guarded .*\n.* AuthorizationPolicy with action DENY/,
    ],
    [
      'what an uninstall opens behind Envoy Gateway',
      {
        attach: {
          envoyGateway: {
            enabled: true,
            policies: ROUTES,
          },
        },
        acknowledge: { plaintext: true },
      },
      /UNINSTALL OPENS: apps\/Gateway eg, shop\/HTTPRoute shop are guarded .*\n.*take their routes away\. /,
    ],
    [
      'why helm test does not run',
      { tls: { mode: 'secret', existingSecret: 's' }, acknowledge: { anyCaller: true } },
      'helm test needs probe.existingSecret',
    ],
  ])('tell %s', (_, values, words: string | RegExp) => {
    expect(notes(helm, values)).toMatch(words)
  })

  test('shout nothing about a safe installation', () => {
    expect(notes(helm, {})).not.toContain('***')
    const inMesh = notes(helm, { ...ATTACHED, podLabels: { 'sidecar.istio.io/inject': 'true' } })
    expect(inMesh.match(/\*{3} [A-Z ]+/g)).toEqual(['*** UNINSTALL OPENS'])
  })
})
