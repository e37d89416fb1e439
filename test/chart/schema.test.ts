/** Misspelt values, settings and words are refused by Helm itself, before anything reaches a cluster. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { parse } from 'yaml'
import { ROOT } from '../../scripts/root.ts'
import { dynamicSchema, policyFileSchema, staticSchema } from '../../src/config/reference.ts'
import { discoverSignals, signalsSettings } from '../../src/risk/index.ts'
import { describeWithHelm } from '../harness/tools.ts'
import { refusal, render } from './harness/helm.ts'
import { MINIMAL, over } from './harness/values.ts'

const RULE = { name: 'r', when: 'true', effect: 'deny' }
const dynamic = (settings: object) => ({ config: { dynamic: settings } })

/** What is wrong, and the place and the word that the refusal names. */
const MISSPELT: readonly (readonly [string, object, readonly string[]])[] = [
  ['a value of the chart', { replicas: 3 }, ['replicas']],
  ['a value inside a section', { tls: { moed: 'mesh' } }, ['tls', 'moed']],
  ['a mode', { tls: { mode: 'mehs' } }, ['tls', 'mode']],
  ['no pod at all', { replicaCount: 0 }, ['replicaCount']],
  ['a word in place of a number', { replicaCount: 'two' }, ['replicaCount']],
  [
    'a key of a rule',
    dynamic({ policy: [{ ...RULE, effect: undefined, efect: 'deny' }] }),
    ['policy', 'efect'],
  ],
  ['an effect', dynamic({ policy: [{ ...RULE, effect: 'dney' }] }), ['policy', 'effect', 'step-up']],
  [
    'a rule of a team',
    { config: { policy: { 'a.yaml': { priority: 1, rules: [{ ...RULE, wen: 'true' }] } } } },
    ['a.yaml', 'wen'],
  ],
  ['the name of a file of rules', { config: { policy: { 'a.yml': { priority: 1, rules: [] } } } }, ['a.yml']],
  ['a section', dynamic({ identiy: {} }), ['identiy']],
  [
    'a key of an issuer',
    dynamic({ identity: { issuers: [{ issuer: 'x', audience: ['a'], jwks: { discovery: true } }] } }),
    ['issuers', 'audience'],
  ],
  ['everybody as a caller', { attach: { istio: { callers: ['*'] } } }, ['callers']],
  [
    'a caller as in a certificate',
    { attach: { envoyFilter: { callers: ['spiffe://cluster.local/ns/i/sa/g'] } } },
    ['callers'],
  ],
  ...['/*', '*', '*.html', 'healthz', '/a/*/b', '/{**}', '/a?b'].map(
    (path) =>
      [
        `an exception that is none: ${path}`,
        {
          attach: {
            istio: { policies: [{ name: 'a', namespace: 'b', selector: { c: 'd' }, exceptPaths: [path] }] },
          },
        },
        ['exceptPaths'],
      ] as const,
  ),
  ['a signal', dynamic({ risk: { signals: { 'new-devic': {} } } }), ['signals', 'new-devic']],
  [
    'a setting of a signal',
    dynamic({ risk: { signals: { 'new-device': { enable: true } } } }),
    ['new-device', 'enable'],
  ],
  ['a key of the server', { config: { static: { server: { deadline: 100 } } } }, ['server', 'deadline']],
  ['a listener', { config: { static: { server: { listen: ['9000'] } } } }, ['listen']],
  ['a digest that is none', { image: { digest: 'sha256:abc' } }, ['image', 'digest']],
  ['a risk that there is none of', { acknowledge: { everything: true } }, ['acknowledge', 'everything']],
  ['a peer', { networkPolicy: { callers: [{ namespaceSelektor: {} }] } }, ['callers', 'namespaceSelektor']],
]

describeWithHelm('the schema refuses', (helm) => {
  test.each(MISSPELT)('%s: %j', (_, values, named) => {
    const said = refusal(helm, over(MINIMAL, values as Record<string, unknown>))
    expect(said).toContain("values don't meet the specifications of the schema")
    for (const word of named) expect(said).toContain(word)
  })
})

/** A word that is none, and the one that was meant. */
const MEANT: readonly (readonly [string, object, string])[] = [
  ['a value of the chart', { replicas: 3 }, 'replicaCount'],
  ['a value inside a section', { tls: { moed: 'mesh' } }, 'mode'],
  ['a key of a rule', dynamic({ policy: [{ ...RULE, wen: 'true' }] }), 'when'],
  ['a key of an issuer', dynamic({ identity: { issuers: [{ isuer: 'x' }] } }), 'issuer'],
  ['a signal', dynamic({ risk: { signals: { 'new-devic': {} } } }), 'new-device'],
  ['a setting of a signal', dynamic({ risk: { signals: { 'new-device': { enable: true } } } }), 'enabled'],
  ['a key of the server', { config: { static: { server: { deadline: 100 } } } }, 'deadlineMs'],
  ['a mode', { tls: { mode: 'certManger' } }, 'certManager'],
  ['an attachment', { attach: { envoygateway: {} } }, 'envoyGateway'],
]

describeWithHelm('the schema tells the word that was meant among those that there are', (helm) => {
  test.each(MEANT)('%s: %j', (_, values, meant) => {
    const said = refusal(helm, over(MINIMAL, values as Record<string, unknown>))
    expect(said).toMatch(new RegExp(`must be one of.*['"]${meant}['"]`))
  })
})

describeWithHelm('the schema accepts', (helm) => {
  test.each([
    'envoy/demo/vigil.yaml',
    'test/golden/configs/shop.yaml',
    'test/golden/configs/mesh.yaml',
  ])('%s as config.dynamic', (file) => {
    const settings = parse(readFileSync(join(ROOT, file), 'utf8'))
    const values = over(MINIMAL, {
      config: { dynamic: settings, static: { acknowledge: { observe: true, unverifiedCaller: true } } },
      // Entrypoints that are told by their Envoy need to know it.
      tls: { mode: 'secret', existingSecret: 'vigil-tls' },
      acknowledge: { anyCaller: true },
    })
    expect(() => render(helm, values)).not.toThrow()
  })
})

test('what stands below config is what the service validates with', async () => {
  const file = readFileSync(join(ROOT, 'charts', 'vigil', 'values.schema.json'), 'utf8')
  const { config } = JSON.parse(file).properties
  const signals = signalsSettings(await discoverSignals())
  const { static: fixed, dynamic, policy } = config.properties
  const withoutNames = (schema: unknown) =>
    JSON.parse(
      JSON.stringify(schema, (key, value: unknown) =>
        key === 'propertyNames' && isNames(value) ? undefined : value,
      ),
    )
  // Names of a closed map are told besides (scripts/chart/names.ts); patterns of names are the service's.
  const isNames = (value: unknown) => typeof value === 'object' && value !== null && 'enum' in value
  expect(withoutNames(fixed.properties)).toEqual(withoutNames(staticSchema()['properties']))
  expect(withoutNames(dynamic.properties)).toEqual(withoutNames(dynamicSchema(signals)['properties']))
  expect(withoutNames(policy.additionalProperties.properties)).toEqual(
    withoutNames(policyFileSchema()['properties']),
  )
  for (const each of [fixed, dynamic, policy.additionalProperties])
    expect(each.additionalProperties).toBe(false)
})

test('the names that are told are those of the map', () => {
  const walk = (schema: unknown): void => {
    if (typeof schema !== 'object' || schema === null) return
    const { properties, additionalProperties, propertyNames } = schema as Record<
      string,
      Record<string, unknown>
    >
    if (properties !== undefined && (additionalProperties as unknown) === false && 'type' in schema)
      expect(propertyNames).toEqual({ enum: Object.keys(properties) })
    for (const member of Object.values(schema)) walk(member)
  }
  walk(JSON.parse(readFileSync(join(ROOT, 'charts', 'vigil', 'values.schema.json'), 'utf8')))
})

test('no section of the chart takes a value that there is none of', () => {
  const file = readFileSync(join(ROOT, 'charts', 'vigil', 'values.schema.json'), 'utf8')
  const open = (schema: Record<string, unknown>, path: string): string[] => {
    const own = schema['properties'] as Record<string, Record<string, unknown>> | undefined
    if (own === undefined) return []
    const members = Object.entries(own).flatMap(([key, member]) => open(member, `${path}.${key}`))
    return schema['additionalProperties'] === false ? members : [path, ...members]
  }
  expect(open(JSON.parse(file), 'values')).toEqual([])
})
