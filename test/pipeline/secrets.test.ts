import { expect, test } from '@jest/globals'
import { toRecord } from '../../src/audit/record.ts'
import { createCheckHandler } from '../../src/check/handler.ts'
import { decodeResponse } from '../../src/check/wire.ts'
import type { Outcome } from '../../src/model.ts'
import { openTestApp } from '../harness/app.ts'
import { athOf, makeSigner, signProof } from '../harness/proofs.ts'
import { AUDIENCE, issuerOf, mintAccessToken, NOW, NOW_MS } from '../harness/tokens.ts'
import { checkBytes, type RequestOptions } from '../harness/wire.ts'
import { fakeLog, fakeMeter } from '../store/fakes.ts'

const signer = await makeSigner('ES256')
const PLANTED = 'planted-7f3a'
const GOOD = mintAccessToken({ claims: { cnf: { jkt: signer.jkt }, secret_claim: PLANTED } })
const FORGED = `${GOOD.slice(0, -6)}AAAAAA`
const proof = (claims: Record<string, unknown> = {}) =>
  signProof(signer, {
    claims: {
      jti: `${PLANTED}-${Math.floor(NOW)}`,
      htm: 'GET',
      htu: `${AUDIENCE}/v1/items`,
      iat: NOW,
      ath: athOf(GOOD),
      ...claims,
    },
  })

const SETTINGS = {
  identity: { issuers: [issuerOf({ cookie: { name: '__Host-token' } })] },
  entrypoints: [{ name: 'gateway', externalOrigins: [AUDIENCE] }],
  context: { requestHeaders: ['x-region'] },
  actions: [{ name: 'read', match: { paths: ['/v1/items'] }, sensitivity: 'low' }],
}

/** Wherever a client can put a secret; each request is answered in another way. */
const SECRET_HEADERS = {
  cookie: `sid=${PLANTED}`,
  'proxy-authorization': `Basic ${PLANTED}`,
  'client-cert': `:${Buffer.from(PLANTED).toString('base64')}:`,
  'x-forwarded-client-cert': `Hash=${PLANTED}`,
  'x-vigil-hop': PLANTED,
  'x-api-key': PLANTED,
  'x-region': 'eu',
}
const dpop = (token: string, shown: string) => ({
  ...SECRET_HEADERS,
  authorization: `DPoP ${token}`,
  dpop: shown,
})
const good = proof()
const REQUESTS: readonly (readonly [string, RequestOptions, number])[] = [
  ['passes', { headers: dpop(GOOD, good) }, 0],
  ['is a replay', { headers: dpop(GOOD, good) }, 401],
  ['asks for a nonce', { headers: dpop(GOOD, proof({ nonce: PLANTED })) }, 401],
  ['shows a forged token', { headers: dpop(FORGED, good) }, 401],
  ['shows something else', { headers: { authorization: `Bearer ${PLANTED}` } }, 401],
  ['shows another scheme', { headers: { authorization: `Basic ${PLANTED}` } }, 401],
  ['shows two', { headers: { authorization: `Bearer ${PLANTED}, Bearer ${PLANTED}` } }, 400],
  [
    'shows it in a cookie',
    { headers: { cookie: `__Host-token=${GOOD}`, dpop: proof({ jti: `${PLANTED}-c` }) } },
    0,
  ],
  ['shows it in a cookie without proof', { headers: { cookie: `__Host-token=${GOOD}` } }, 401],
  ['shows something else in the cookie', { headers: { cookie: `__Host-token=${PLANTED}` } }, 401],
  ['shows two cookies', { headers: { cookie: `__Host-token=${GOOD}; __Host-token=${PLANTED}` } }, 400],
  ['shows an odd cookie', { headers: { cookie: `__HOST-token=${PLANTED}` } }, 400],
  [
    'is another site’s',
    { method: 'POST', headers: { cookie: `__Host-token=${GOOD}`, origin: PLANTED } },
    403,
  ],
  ['has a token in its query', { path: `/v1/items?access_token=${PLANTED}`, headers: {} }, 400],
  ['has a fragment', { path: `/v1/items#${PLANTED}`, headers: {} }, 400],
  ['has a password in its host', { host: `user:${PLANTED}@api.example.com`, headers: {} }, 400],
]

test('no planted secret and no part of a credential reaches a record, log, metric or answer', async () => {
  const log = fakeLog()
  const meter = fakeMeter()
  const app = await openTestApp(SETTINGS, { log, meter })
  app.clock.set(NOW_MS + 1000)
  const decider = app.app.decider()
  const told: string[] = []
  const kept = {
    ...decider,
    finish: (outcome: Outcome, ms: number) => {
      const { requestHeaders } = app.app.current()?.settings.context ?? { requestHeaders: [] }
      told.push(JSON.stringify(toRecord(outcome, { durationUs: 1, config: 'c', headers: requestHeaders })))
      decider.finish(outcome, ms)
    },
  }
  const handler = createCheckHandler(() => kept, {
    deadlineMs: 5000,
    maxInFlight: 10,
    clock: app.clock,
    newId: app.newId,
    defer: (run) => run(),
    meter,
    log,
  })
  for (const [what, request, status] of REQUESTS) {
    const bytes = checkBytes({ path: '/v1/items', streamId: what, ...request })
    const answer = await handler.handle(bytes, { state: 'unverified', sans: [] })
    expect([what, decodeResponse(answer).denied_response?.status.code ?? 0]).toEqual([what, status])
    told.push(answer.toString('latin1'))
  }
  await app.app.flush()
  told.push(...log.lines, ...Object.keys(meter.counts))
  expect(told.length).toBeGreaterThan(2 * REQUESTS.length)
  const all = told.join('\n')
  const parts = [GOOD, FORGED, good].flatMap((jwt) => [...jwt.split('.'), athOf(jwt)])
  for (const secret of [PLANTED, Buffer.from(PLANTED).toString('base64'), signer.jkt, ...parts])
    expect(all.includes(secret) ? secret : 'nothing').toBe('nothing')
})
