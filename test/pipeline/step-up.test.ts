import { expect, test } from '@jest/globals'
import { openTestApp } from '../harness/app.ts'
import { makeCheck } from '../harness/requests.ts'
import { AUDIENCE, issuerOf, mintAccessToken, NOW, NOW_MS } from '../harness/tokens.ts'

const SETTINGS = {
  identity: { issuers: [issuerOf()] },
  entrypoints: [{ name: 'gateway', externalOrigins: [AUDIENCE] }],
  actions: [{ name: 'pay', match: { methods: ['POST'] }, authentication: { acr: ['phr'] } }],
}

test('SU-08 an issuer that never gives what is asked for: three challenges, then 403, until ten minutes are over', async () => {
  const app = await openTestApp(SETTINGS)
  let attempts = 0
  /** One request; its token was issued so many seconds before. */
  const pay = async (second: number, age: number, claims: Record<string, unknown> = {}) => {
    const issued = { iat: NOW + second - age, exp: NOW + second + 300, jti: `t${second - age}`, ...claims }
    const headers = { authorization: `Bearer ${mintAccessToken({ claims: issued })}` }
    const atMs = NOW_MS + second * 1000
    const check = makeCheck({ atMs, method: 'POST', attempt: `a${++attempts}`, headers })
    return (await app.decide(check)).decision
  }
  expect(await pay(10, 5)).toMatchObject({ effect: 'step-up', unmet: { acr: ['phr'] } })
  // The other requests of the page, with the same token.
  for (const second of [11, 12, 13, 14])
    expect(await pay(second, second - 5)).toMatchObject({ effect: 'step-up' })
  expect(await pay(20, 2)).toMatchObject({ effect: 'step-up' })
  expect(await pay(30, 2)).toMatchObject({ effect: 'step-up' })
  expect(await pay(40, 2)).toMatchObject({ effect: 'deny', failure: 'policy.authentication.looping' })
  expect(await pay(50, 2)).toMatchObject({ effect: 'deny' })
  expect(await pay(60, 2, { acr: 'phr' })).toMatchObject({ effect: 'allow' })
  expect(await pay(70, 2, { sid: 'another' })).toMatchObject({ effect: 'step-up' })
  expect(await pay(610, 2)).toMatchObject({ effect: 'step-up' })
})
