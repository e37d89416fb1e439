import { describe, expect, test } from '@jest/globals'
import { type AuditRecord, toRecord } from '../src/audit/record.ts'
import type { Check } from '../src/model.ts'
import { whatIf } from '../src/what-if.ts'
import { openTestApp } from './harness/app.ts'
import { makeCheck } from './harness/requests.ts'
import { AUDIENCE, issuerOf, mintAccessToken, NOW, NOW_MS } from './harness/tokens.ts'

const AT_MS = NOW_MS + 1500

const settings = (policy: readonly object[] = [], risk: object = {}) => ({
  identity: { issuers: [issuerOf({ deviceClaim: 'device' })] },
  entrypoints: [{ name: 'gateway', externalOrigins: [AUDIENCE] }],
  actions: [
    { name: 'read', match: { methods: ['GET'], paths: ['/v1/{rest...}'] }, sensitivity: 'low' },
    {
      name: 'pay',
      match: { methods: ['POST'], paths: ['/v1/pay'] },
      sensitivity: 'high',
      scopes: ['pay', 'sign'],
    },
  ],
  policy,
  risk,
})

type Parts = Partial<Omit<Check, 'headers'>> & { claims?: object; device?: string }

const checkOf = ({ claims, device, ...rest }: Parts) =>
  makeCheck({
    atMs: AT_MS,
    path: '/v1/items',
    headers: {
      authorization: `Bearer ${mintAccessToken({ claims: { ...claims } })}`,
      ...(device !== undefined && { 'x-device-id': device }),
    },
    ...rest,
  })

async function tried(configuration: object, parts: Parts, before = 0) {
  const app = await openTestApp(configuration)
  const snapshot = app.app.current()
  if (snapshot === undefined) throw new Error('no snapshot')
  for (let i = 0; i < before; i++) await app.decide(checkOf({ ...parts, attempt: `before ${i}` }))
  const outcome = await app.decide(checkOf(parts))
  await app.close()
  const context = { durationUs: 0, config: snapshot.hash, headers: [] }
  const record: AuditRecord = JSON.parse(JSON.stringify(toRecord(outcome, context)))
  return { record, told: whatIf(record, snapshot), snapshot }
}

const waysOf = async (configuration: object, parts: Parts, before?: number) =>
  (await tried(configuration, parts, before)).told.ways.map(({ changes, effect, by }) => [
    changes.join(' + '),
    effect,
    by,
  ])

const PAY = { method: 'POST', path: '/v1/pay' }
const ALL = { scope: 'pay sign' }
const STEP_UP = {
  name: 'fresh',
  when: 'action.name == "pay"',
  effect: 'step-up',
  stepUp: { acr: ['phr', 'mfa'], maxAgeSeconds: 60 },
}

describe('which change would have let a request pass', () => {
  test('what passed needs none', async () => {
    const { told } = await tried(settings(), {})
    expect(told).toMatchObject({ asItWas: { effect: 'allow', by: 'policy.default.low-low' }, ways: [] })
  })

  test('the scopes that are missing', async () => {
    expect(await waysOf(settings(), { ...PAY, claims: { scope: 'pay' } })).toEqual([
      ['with a token that also holds sign', 'monitor', 'policy.default.high-low'],
    ])
  })

  test('a login, of the class that is asked for, newer than the question', async () => {
    expect(await waysOf(settings([STEP_UP]), { ...PAY, claims: { ...ALL, auth_time: NOW } })).toEqual([
      ['with a login of the class phr after this', 'monitor', 'fresh'],
    ])
  })

  test('a machine cannot log in', async () => {
    const rule = { ...STEP_UP, stepUp: { maxAgeSeconds: 60 } }
    const { told } = await tried(settings([rule]), { ...PAY, claims: { ...ALL, sub: 'web-app' } })
    expect(told).toMatchObject({ asItWas: { effect: 'deny', by: 'fresh' }, ways: [] })
  })

  test('the finding that made the difference; or a login, because the table asks for one', async () => {
    const parts = { claims: { device: 'laptop', auth_time: NOW }, device: 'phone' }
    expect(await waysOf(settings(), parts)).toEqual([
      ['with a login after this', 'monitor', 'policy.step-up.satisfied'],
      ['without the finding risk.device-mismatch.other', 'allow', 'policy.default.low-low'],
    ])
  })

  test('a token that is bound', async () => {
    const rule = { name: 'bound-only', when: 'subject.binding.state != "verified"', effect: 'deny' }
    expect(await waysOf(settings([rule]), {})).toEqual([
      ['with a token that is bound to its holder', 'allow', 'policy.default.low-low'],
    ])
  })

  test('room in a limit', async () => {
    const limits = [{ name: 'few', per: 'subject', requests: 1 }]
    expect(await waysOf(settings([], { limits }), {}, 1)).toEqual([
      ['with room in the limit few', 'allow', 'policy.default.low-low'],
    ])
  })

  test('two changes, where none alone is enough', async () => {
    // Which class of login the rule behind the gate wants shows only when the gate is passed.
    expect(await waysOf(settings([STEP_UP]), { ...PAY, claims: { scope: 'sign', auth_time: NOW } })).toEqual([
      ['with a token that also holds pay + with a login of the class phr after this', 'monitor', 'fresh'],
    ])
  })

  test('a rule that no such change touches: nothing, and its condition is told', async () => {
    const rule = { name: 'closed', when: 'request.path == "/v1/items"', effect: 'deny' }
    const { told } = await tried(settings([rule]), {})
    expect(told).toEqual({
      isSameConfiguration: true,
      asItWas: { effect: 'deny', by: 'closed' },
      rule: { name: 'closed', when: 'request.path == "/v1/items"' },
      ways: [],
    })
  })

  test('another configuration is said to be another, and decides as it would', async () => {
    const rule = { name: 'closed', when: true, effect: 'deny' }
    const { record } = await tried(settings([rule]), {})
    const { snapshot } = await tried(settings(), {})
    const other = { ...record, config: 'another' }
    expect(whatIf(other, snapshot)).toMatchObject({
      isSameConfiguration: false,
      asItWas: { effect: 'allow' },
      rule: undefined,
    })
  })

  test('a refused credential stays refused whatever else changes', async () => {
    expect(await waysOf(settings(), { claims: { aud: 'https://other.example' } })).toEqual([])
  })
})
