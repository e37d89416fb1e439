import { expect, test } from '@jest/globals'
import { openTestApp, type TestApp } from '../harness/app.ts'
import { makeCheck } from '../harness/requests.ts'
import { AUDIENCE, issuerOf, mintAccessToken, NOW, NOW_MS } from '../harness/tokens.ts'

const SETTINGS = {
  identity: { issuers: [issuerOf()] },
  entrypoints: [{ name: 'gateway', externalOrigins: [AUDIENCE] }],
  actions: [
    { name: 'read', match: { methods: ['GET'] }, sensitivity: 'low' },
    { name: 'pay', match: { methods: ['POST'] }, sensitivity: 'high' },
  ],
}

let attempts = 0

/** One request with this device, so many seconds after the tokens were issued. */
async function ask(app: TestApp, method: 'GET' | 'POST', device: string, second: number, authTime?: number) {
  const claims = authTime === undefined ? {} : { auth_time: authTime, jti: `login ${authTime}` }
  const headers = { authorization: `Bearer ${mintAccessToken({ claims })}`, 'x-device-id': device }
  const atMs = NOW_MS + second * 1000
  const { decision } = await app.decide(makeCheck({ atMs, method, attempt: `a${++attempts}`, headers }))
  return decision
}

test('a harmless read does not make a thief’s device a known one', async () => {
  const app = await openTestApp(SETTINGS)
  for (let second = 0; second < 40; second++) await ask(app, 'GET', 'own', second)
  expect(await ask(app, 'POST', 'own', 60)).toMatchObject({ effect: 'monitor' })
  expect(await ask(app, 'POST', 'thief', 61)).toMatchObject({ effect: 'step-up' })
  expect(await ask(app, 'GET', 'thief', 62)).toMatchObject({ effect: 'monitor' })
  expect(await ask(app, 'POST', 'thief', 63)).toMatchObject({ effect: 'step-up' })
})

test('the login that was asked for makes the new device a known one', async () => {
  const app = await openTestApp(SETTINGS)
  for (let second = 0; second < 40; second++) await ask(app, 'GET', 'own', second)
  expect(await ask(app, 'POST', 'new', 60)).toMatchObject({ effect: 'step-up' })
  expect(await ask(app, 'POST', 'new', 70, NOW + 65)).toMatchObject({ effect: 'monitor' })
  expect(await ask(app, 'POST', 'new', 71)).toMatchObject({
    effect: 'monitor',
    reasons: ['policy.default.high-low'],
  })
})
