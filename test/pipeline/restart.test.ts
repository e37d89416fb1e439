import { expect, test } from '@jest/globals'
import { createMemoryStore } from '../../src/store/memory.ts'
import { openTestApp } from '../harness/app.ts'
import { athOf, makeSigner, signProof } from '../harness/proofs.ts'
import { makeCheck } from '../harness/requests.ts'
import { AUDIENCE, issuerOf, mintAccessToken, NOW, NOW_MS } from '../harness/tokens.ts'
import { fakeClock } from '../store/fakes.ts'

const signer = await makeSigner('ES256')
const TOKEN = mintAccessToken({ claims: { cnf: { jkt: signer.jkt } } })
const SETTINGS = {
  identity: { issuers: [issuerOf()] },
  entrypoints: [{ name: 'gateway', externalOrigins: [AUDIENCE] }],
  actions: [{ name: 'read', match: { paths: ['/v1/items'] }, sensitivity: 'low' }],
}

function proved(jti: string, iat: number, nonce?: string) {
  const claims = { jti, htm: 'GET', htu: `${AUDIENCE}/v1/items`, iat, ath: athOf(TOKEN), nonce }
  return { authorization: `DPoP ${TOKEN}`, dpop: signProof(signer, { claims }) }
}

test('DPOP-16 a proof that was made before a restart is asked for a nonce: the process before may have taken it', async () => {
  const atMs = NOW_MS + 10_000
  const store = createMemoryStore({ maxEntries: 100, clock: fakeClock(atMs), startedAtMs: NOW_MS + 5000 })
  const app = await openTestApp(SETTINGS, { store })
  const ask = (attempt: string, headers: Record<string, string>) =>
    app.decide(makeCheck({ atMs, attempt, path: '/v1/items', headers }))
  const { decision, answer } = await ask('1', proved('old', NOW + 4))
  expect(decision).toMatchObject({ effect: 'deny', failure: 'identity.dpop.nonce-required' })
  const nonce = 'headers' in answer ? answer.headers.find(([name]) => name === 'dpop-nonce')?.[1] : undefined
  expect((await ask('2', proved('again', NOW + 4, nonce))).decision.effect).toBe('allow')
  expect((await ask('3', proved('new', NOW + 6))).decision.effect).toBe('allow')
})
