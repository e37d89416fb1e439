/** What is hot touches no pod; what needs a restart rolls them. */
import { describe, expect, test } from '@jest/globals'
import { describeWithHelm } from '../harness/tools.ts'
import { type KubeObject, one, render } from './harness/helm.ts'
import { MINIMAL, over } from './harness/values.ts'

const BASE = over(MINIMAL, {
  config: {
    dynamic: { risk: { signals: { 'new-device': { enabled: true } } } },
    policy: { 'payments.yaml': { priority: 10, rules: [] } },
  },
})

const RULE = { name: 'no-machines', when: 'subject.kind == "machine"', effect: 'deny' }

const HOT: readonly (readonly [string, object])[] = [
  ['a risk weight', { config: { dynamic: { risk: { prior: 0.02 } } } }],
  [
    'a signal that is switched off',
    { config: { dynamic: { risk: { signals: { 'new-device': { enabled: false } } } } } },
  ],
  ['a rule', { config: { dynamic: { policy: [RULE] } } }],
  ['a rule of a team', { config: { policy: { 'payments.yaml': { priority: 10, rules: [RULE] } } } }],
  [
    'an issuer',
    {
      config: {
        dynamic: {
          identity: {
            issuers: [{ issuer: 'https://b.example.com', audiences: ['x'], jwks: { discovery: true } }],
          },
        },
      },
    },
  ],
  ['who may ask, by NetworkPolicy', { networkPolicy: { callers: [] } }],
]

const COLD: readonly (readonly [string, object])[] = [
  ['the port of checks', { config: { static: { server: { listen: ['0.0.0.0:9001'] } } } }],
  ['the port of probes', { config: { static: { probes: { listen: '0.0.0.0:9091' } } } }],
  ['the store', { config: { static: { store: { redis: { host: 'other.store.svc' } } } } }],
  ['the deadline', { config: { static: { server: { deadlineMs: 100 } } } }],
  ['the name of a Secret', { secrets: { instanceKey: { existingSecret: 'other' } } }],
  ['a further file of rules', { config: { policy: { 'fraud.yaml': { priority: 20, rules: [] } } } }],
  ['the image', { image: { tag: '0.1.1' } }],
]

/** The text of the pods' template, byte for byte as Helm hands it to the API server. */
const pods = (objects: readonly KubeObject[]) => JSON.stringify(one(objects, 'Deployment')['spec'].template)
const ofKind = (objects: readonly KubeObject[], kinds: readonly string[]) =>
  objects.filter((object) => kinds.includes(object.kind) && !object.metadata.annotations?.['helm.sh/hook'])

describeWithHelm('two speeds', (helm) => {
  const before = render(helm, BASE)

  describe('is hot: the same pods, other objects', () => {
    test.each(HOT)('%s', (_, change) => {
      const after = render(helm, over(BASE, change as Record<string, unknown>))
      expect(pods(after)).toBe(pods(before))
      const touched = ['ConfigMap', 'NetworkPolicy']
      expect(ofKind(after, touched)).not.toEqual(ofKind(before, touched))
    })
  })

  describe('rolls the pods', () => {
    test.each(COLD)('%s', (_, change) => {
      const after = render(helm, over(BASE, change as Record<string, unknown>))
      expect(pods(after)).not.toBe(pods(before))
    })
  })

  test('a port that changes changes everywhere', () => {
    const after = render(
      helm,
      over(BASE, {
        config: { static: { server: { listen: ['0.0.0.0:9444'] }, probes: { listen: '0.0.0.0:9555' } } },
      }),
    )
    const text = JSON.stringify(after.filter(({ kind }) => kind !== 'ConfigMap'))
    expect(text).toContain('9444')
    expect(text).toContain('9555')
    expect(text).not.toContain('9090')
    // The Service keeps the port at which Envoys find it.
    expect(one(after, 'Service')['spec'].ports[0]).toMatchObject({ port: 9000, targetPort: 'grpc' })
  })

  test('the same values give the same objects', () => {
    expect(render(helm, BASE)).toEqual(before)
  })
})
