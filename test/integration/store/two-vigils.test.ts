/** Two `vigil serve` on one server: what they leave behind ends, and what it forgets does not pass again. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { Redis } from 'ioredis'
import { BEAT_MS } from '../../../src/store/epoch.ts'
import { boundHeaders, mintNow } from '../../harness/live.ts'
import { makeSigner, type ProofSigner } from '../../harness/proofs.ts'
import { type RedisServer, startRedis } from '../../harness/redis.ts'
import { AUDIENCE, issuerOf } from '../../harness/tokens.ts'
import { describeWithValkey } from '../../harness/tools.ts'
import { startVigil, type VigilProcess, writeInstanceKey } from '../../harness/vigil.ts'
import { waitUntil } from '../../harness/wait.ts'

const limit = (per: string) => ({ name: per, per, requests: 100_000, windowSeconds: 3600 })
const CONFIG = {
  entrypoints: [{ name: 'gateway', externalOrigins: [AUDIENCE] }],
  identity: { issuers: [issuerOf({ dpop: { nonce: 'off' } })] },
  actions: [{ name: 'read', match: { methods: ['GET'], paths: ['/v1/items'] }, sensitivity: 'low' }],
  risk: { limits: ['subject', 'session', 'client', 'address', 'action'].map(limit) },
  audit: { sinks: [] },
}

/** As docs/state.md lists them, and the epoch. */
const KINDS = ['c', 'e', 'l', 'm', 'p', 's', 'u']

describeWithValkey('two vigil serve', (server) => {
  let folder: string
  let valkey: RedisServer
  let redis: Redis
  let signer: ProofSigner
  let vigils: VigilProcess[]
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'vigil-keys-'))
    valkey = await startRedis({ server })
    redis = new Redis({ port: valkey.port })
    signer = await makeSigner('ES256')
    const store = { kind: 'redis', budgetMs: 5000, redis: { port: valkey.port } }
    const options = {
      config: CONFIG,
      fixed: { store, instanceKeyFile: writeInstanceKey(folder) },
      server: { deadlineMs: 10_000 },
    }
    vigils = await Promise.all([startVigil(options), startVigil(options)])
    await Promise.all(vigils.map(({ running }) => running.waitForLine(/store\.connected/)))
  }, 90_000)
  afterAll(async () => {
    await Promise.all((vigils ?? []).map((vigil) => vigil.stop()))
    redis?.disconnect()
    await valkey?.stop()
    rmSync(folder, { recursive: true, force: true })
  }, 60_000)

  let streams = 0
  const ask = (vigil: VigilProcess, headers: Record<string, string>) =>
    vigil.ask({ path: '/v1/items', headers, streamId: `stream-${++streams}` })
  const token = (sub: string, bound: object = {}) => mintNow({ claims: { sub, sid: sub, ...bound } })
  const prove = () => boundHeaders(signer, '/v1/items', {}, token('bound', { cnf: { jkt: signer.jkt } }))
  /** A claim has whole seconds: a proof of a second in which something was lost counts as made before. */
  const nextSecond = () => sleep(1000 - (Date.now() % 1000))

  test('after mixed traffic every key ends by itself', async () => {
    const users = Array.from({ length: 40 }, (_, i) => ({ authorization: `Bearer ${token(`user-${i}`)}` }))
    for (let round = 0; round < 4; round++)
      await Promise.all(
        vigils.flatMap((vigil) => [...users, prove(), prove()].map((headers) => ask(vigil, headers))),
      )
    const kinds = async () => {
      const keys = await redis.keys('*')
      return [...new Set(keys.map((key) => /^vigil:(\w):/.exec(key)?.[1] ?? key))].sort()
    }
    await waitUntil('all kinds', 10_000, async () => (await kinds()).length === KINDS.length)
    expect(await kinds()).toEqual(KINDS)
    const keys = await redis.keys('*')
    expect(keys.length).toBeGreaterThan(100)
    const left = await Promise.all(keys.map(async (key) => [key, await redis.pttl(key)] as const))
    // -1: it never ends. -2: it has ended since.
    expect(left.filter(([, ms]) => ms === -1)).toEqual([])
  }, 60_000)

  test('DPOP-16 FLUSHALL: of the proofs that were used none passes again, in either process', async () => {
    await nextSecond()
    const used = Array.from({ length: 40 }, prove)
    const send = (headers: Record<string, string>, i: number) => ask(vigils[i % 2] as VigilProcess, headers)
    const first = await Promise.all(used.map(send))
    expect(first.filter(({ isPass }) => !isPass)).toEqual([])
    await redis.flushall()
    const again = await Promise.all(vigils.flatMap((vigil) => used.map((headers) => ask(vigil, headers))))
    expect(again.filter(({ isPass }) => isPass)).toEqual([])
    // By then each has seen the new epoch, however busy this machine is.
    await sleep(BEAT_MS)
    await nextSecond()
    for (const vigil of vigils) {
      expect(await ask(vigil, prove())).toMatchObject({ isPass: true, degraded: [] })
      expect(await vigil.metric('vigil_store_losses_total', { why: 'memory' })).toBe(1)
    }
  }, 60_000)
})
