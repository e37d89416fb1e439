/** Two `vigil serve` on one store, as two replicas behind one Envoy: what one has seen, the other knows. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { boundHeaders, mintNow } from '../harness/live.ts'
import { makeSigner, type ProofSigner } from '../harness/proofs.ts'
import { type RedisServer, startRedis } from '../harness/redis.ts'
import { AUDIENCE, issuerOf } from '../harness/tokens.ts'
import { describeWithValkey } from '../harness/tools.ts'
import { startVigil, type VigilProcess, writeInstanceKey } from '../harness/vigil.ts'
import type { RequestOptions } from '../harness/wire.ts'

const LIMIT = 6
const STRICT_ISSUER = 'https://strict.example.com'

const CONFIG = {
  entrypoints: [{ name: 'gateway', externalOrigins: [AUDIENCE] }],
  identity: {
    issuers: [
      issuerOf({ dpop: { nonce: 'off' } }),
      issuerOf({ issuer: STRICT_ISSUER, dpop: { nonce: 'required' } }),
    ],
  },
  actions: [
    { name: 'read', match: { methods: ['GET'], paths: ['/v1/items'] }, sensitivity: 'low' },
    { name: 'counted', match: { methods: ['GET'], paths: ['/v1/counted'] }, sensitivity: 'low' },
    { name: 'pay', match: { methods: ['POST'], paths: ['/v1/payments'] }, sensitivity: 'high' },
  ],
  risk: {
    limits: [{ name: 'few', per: 'subject', actions: ['counted'], requests: LIMIT, windowSeconds: 3600 }],
  },
  audit: { sinks: [] },
}

/** A request on a stream of its own: what repeats another's id, time and source is Envoy's retry of it. */
let streams = 0
const request = (headers: Record<string, string>, parts: RequestOptions = {}): RequestOptions => ({
  path: '/v1/items',
  headers,
  streamId: `stream-${++streams}`,
  ...parts,
})

const bearer = (claims: Record<string, unknown> = {}) => ({
  authorization: `Bearer ${mintNow({ claims })}`,
})

describeWithValkey('two vigil serve on one store', (server) => {
  let folder: string
  let valkey: RedisServer
  let signer: ProofSigner
  let one: VigilProcess
  let other: VigilProcess

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'vigil-two-'))
    valkey = await startRedis({ server })
    signer = await makeSigner('ES256')
    const fixed = {
      // Not the product's budget: here nothing depends on how busy this machine is.
      store: { kind: 'redis', budgetMs: 5000, redis: { port: valkey.port } },
      instanceKeyFile: writeInstanceKey(folder),
    }
    const options = { config: CONFIG, fixed, server: { deadlineMs: 10_000 } }
    ;[one, other] = await Promise.all([startVigil(options), startVigil(options)])
    await Promise.all([one, other].map((vigil) => vigil.running.waitForLine(/store\.connected/)))
  }, 90_000)

  afterAll(async () => {
    await Promise.all([one?.stop(), other?.stop()])
    await valkey?.stop()
    rmSync(folder, { recursive: true, force: true })
  }, 60_000)

  test('a nonce that one has made is taken by the other', async () => {
    const token = mintNow({ claims: { iss: STRICT_ISSUER, cnf: { jkt: signer.jkt } } })
    const prove = (nonce?: string) => request(boundHeaders(signer, '/v1/items', { nonce }, token))
    for (const [maker, taker] of [
      [one, other],
      [other, one],
    ] as const) {
      const asked = await maker.ask(prove())
      expect(asked).toMatchObject({ status: 401, reasons: ['identity.dpop.nonce-required'] })
      expect(await taker.ask(prove(asked.header('dpop-nonce')))).toMatchObject({ isPass: true, degraded: [] })
    }
    expect(await other.ask(prove('A'.repeat(43)))).toMatchObject({
      reasons: ['identity.dpop.nonce-invalid'],
    })
  })

  test('a proof that was used at one is a replay at the other', async () => {
    for (let i = 0; i < 20; i++) {
      const [first, second] = i % 2 === 0 ? [one, other] : [other, one]
      const headers = boundHeaders(signer, '/v1/items')
      expect(await first.ask(request(headers))).toMatchObject({ isPass: true, degraded: [] })
      expect(await second.ask(request(headers))).toMatchObject({
        status: 401,
        reasons: ['identity.dpop.replayed'],
      })
    }
  })

  test('Envoy’s own retry of one check passes at the other, too', async () => {
    const check = request(boundHeaders(signer, '/v1/items'))
    expect(await one.ask(check)).toMatchObject({ isPass: true, degraded: [] })
    expect(await other.ask(check)).toMatchObject({ isPass: true, degraded: [] })
  })

  test('of one proof sent to both at the same time, many times over, exactly one passes', async () => {
    for (let i = 0; i < 20; i++) {
      const headers = boundHeaders(signer, '/v1/items')
      const told = await Promise.all(
        [one, other, one, other, one, other].map(({ ask }) => ask(request(headers))),
      )
      expect(told.filter(({ isPass }) => isPass)).toHaveLength(1)
      expect(told.filter(({ reasons }) => reasons.includes('identity.dpop.replayed'))).toHaveLength(5)
    }
  })

  test('a hard limit counts across both', async () => {
    const headers = bearer({ sub: 'carol' })
    const ask = (vigil: VigilProcess) => vigil.ask(request(headers, { path: '/v1/counted' }))
    for (let i = 0; i < LIMIT; i++) {
      expect(await ask(i % 2 === 0 ? one : other)).toMatchObject({ isPass: true })
    }
    for (const vigil of [one, other]) {
      const told = await ask(vigil)
      expect(told).toMatchObject({ status: 429, reasons: ['policy.limit.few'] })
      expect(Number(told.header('retry-after'))).toBeGreaterThan(0)
    }
  })

  test('a device that one has learned is known to the other, and a new one is new there', async () => {
    const headers = bearer({ sub: 'dave' })
    const from = (device: string, parts: RequestOptions = {}) =>
      request({ ...headers, 'x-device-id': device }, parts)
    const pay: RequestOptions = { method: 'POST', path: '/v1/payments' }
    for (let i = 0; i < 20; i++) expect((await one.ask(from('dave-laptop'))).isPass).toBe(true)
    // Learning happens after the answer; a process that ends writes down what it has learned.
    expect(await one.stop()).toBe(0)
    expect(await other.ask(from('dave-phone', pay))).toMatchObject({
      effect: 'step-up',
      status: 401,
      reasons: ['policy.default.high-elevated'],
    })
    expect(await other.ask(from('dave-laptop', pay))).toMatchObject({
      isPass: true,
      reasons: ['policy.default.high-low'],
    })
  }, 60_000)
})
