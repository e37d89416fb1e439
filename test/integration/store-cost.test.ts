/** What docs/sizing.md says of the store: calls and bytes of a check, memory of an identity. Counts, so any machine tells them. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { Redis } from 'ioredis'
import { ROOT } from '../../scripts/root.ts'
import { CheckClient } from '../bench/grpc/client.ts'
import { dataFrame } from '../bench/grpc/frames.ts'
import { boundHeaders, mintNow } from '../harness/live.ts'
import { makeSigner } from '../harness/proofs.ts'
import { type RedisServer, startRedis } from '../harness/redis.ts'
import { AUDIENCE, issuerOf } from '../harness/tokens.ts'
import { describeWithValkey } from '../harness/tools.ts'
import { startVigil, type VigilProcess, writeInstanceKey } from '../harness/vigil.ts'
import { waitUntil } from '../harness/wait.ts'
import { checkBytes } from '../harness/wire.ts'

const MANY = 300

/** The key of the epoch. */
const EPOCH = 1
const CONFIG = {
  entrypoints: [{ name: 'gateway', externalOrigins: [AUDIENCE] }],
  identity: { issuers: [issuerOf({ dpop: { nonce: 'off' } })] },
  actions: [{ name: 'read', match: { methods: ['GET'], paths: ['/v1/items'] }, sensitivity: 'low' }],
  risk: { limits: [{ name: 'hard', per: 'subject', requests: 100_000, windowSeconds: 3600 }] },
  audit: { sinks: [] },
}

/** What the server has done since it began. */
interface Counted {
  readonly receivedBytes: number
  readonly sentBytes: number
  readonly memoryBytes: number
  readonly calls: Readonly<Record<string, number>>
}

async function count(redis: Redis): Promise<Counted> {
  const text = await redis.info('all')
  const field = (name: string) => Number(new RegExp(`^${name}:(\\d+)`, 'm').exec(text)?.[1])
  const calls = [...text.matchAll(/^cmdstat_(\w+):calls=(\d+)/gm)].map(([, name, n]) => [name, Number(n)])
  return {
    receivedBytes: field('total_net_input_bytes'),
    sentBytes: field('total_net_output_bytes'),
    memoryBytes: field('used_memory'),
    calls: Object.fromEntries(calls),
  }
}

/** Of each of so many. */
const per = (many: number, before: Counted, after: Counted) => ({
  received: (after.receivedBytes - before.receivedBytes) / many,
  sent: (after.sentBytes - before.sentBytes) / many,
  memory: (after.memoryBytes - before.memoryBytes) / many,
  calls: (name: string) => ((after.calls[name] ?? 0) - (before.calls[name] ?? 0)) / many,
})

describeWithValkey('what a check costs the store', (server) => {
  let folder: string
  let valkey: RedisServer
  let vigil: VigilProcess
  let redis: Redis

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'vigil-cost-'))
    valkey = await startRedis({ server })
    redis = new Redis({ port: valkey.port })
    const store = { kind: 'redis', budgetMs: 5000, redis: { port: valkey.port } }
    const fixed = { store, lastGood: { keep: false }, instanceKeyFile: writeInstanceKey(folder) }
    vigil = await startVigil({ config: CONFIG, fixed, server: { deadlineMs: 10_000 } })
    await vigil.running.waitForLine(/store\.connected/)
  }, 90_000)

  afterAll(async () => {
    await vigil?.stop()
    redis?.disconnect()
    await valkey?.stop()
    rmSync(folder, { recursive: true, force: true })
  }, 60_000)

  let streams = 0
  const requestOf = (headers: Record<string, string>) => ({
    path: '/v1/items',
    headers,
    streamId: `stream-${++streams}`,
  })
  const ask = (headers: Record<string, string>) => vigil.ask(requestOf(headers))
  const bearer = (sub: string) => ({ authorization: `Bearer ${mintNow({ claims: { sub, sid: sub } })}` })

  test('an identity: four entries, about a kilobyte when it is new', async () => {
    await ask(bearer('first'))
    await waitUntil('the first is learned', 10_000, async () => (await redis.dbsize()) === 4 + EPOCH)
    const before = await count(redis)
    for (let i = 0; i < MANY; i++) await ask(bearer(`user-${i}`))
    await waitUntil('all are learned', 10_000, async () => (await redis.dbsize()) === 4 * (MANY + 1) + EPOCH)
    const cost = per(MANY, before, await count(redis))
    expect(cost.memory).toBeGreaterThan(500)
    expect(cost.memory).toBeLessThan(1100)
    // Profile and session: each is read and set once.
    for (const name of ['mget', 'get', 'evalsha', 'set']) expect(cost.calls(name)).toBeLessThan(4.2)
  }, 60_000)

  test('a check alone: one MGET and one script, about 450 bytes there and 270 back', async () => {
    const headers = bearer('first')
    await ask(headers)
    const before = await count(redis)
    for (let i = 0; i < MANY; i++) await ask(headers)
    const cost = per(MANY, before, await count(redis))
    // What is learned of one identity is read and written each second, whatever it asks.
    expect(cost.calls('mget')).toBeGreaterThanOrEqual(1)
    expect(cost.calls('mget')).toBeLessThan(1.1)
    expect(cost.calls('evalsha')).toBeLessThan(1.1)
    expect(cost.received).toBeGreaterThan(400)
    expect(cost.received).toBeLessThan(520)
    expect(cost.sent).toBeGreaterThan(200)
    expect(cost.sent).toBeLessThan(330)
  }, 60_000)

  test('many at once: far fewer calls than checks', async () => {
    const headers = bearer('first')
    const client = await CheckClient.open(vigil.address)
    const send = (many: number) => {
      const answers = Array.from({ length: many }, () => {
        return new Promise((resolve) => client.call(dataFrame(checkBytes(requestOf(headers))), resolve))
      })
      // In one piece: a library that makes its calls one by one is slower than the service that answers them.
      client.flush()
      return Promise.all(answers)
    }
    await send(1)
    const before = await count(redis)
    await send(MANY)
    const cost = per(MANY, before, await count(redis))
    client.close()
    expect(cost.calls('mget')).toBeLessThan(0.5)
    expect(cost.calls('incr')).toBe(2)
  }, 60_000)

  test('a proof: one SET more, and some 100 bytes until it is too old', async () => {
    const signer = await makeSigner('ES256')
    const token = mintNow({ claims: { sub: 'bound', sid: 'bound', cnf: { jkt: signer.jkt } } })
    const prove = () => ask(boundHeaders(signer, '/v1/items', {}, token))
    await prove()
    const before = await count(redis)
    for (let i = 0; i < MANY; i++) await prove()
    const cost = per(MANY, before, await count(redis))
    expect(cost.calls('set')).toBeGreaterThanOrEqual(1)
    expect(cost.calls('set')).toBeLessThan(1.1)
    expect(cost.memory).toBeGreaterThan(60)
    expect(cost.memory).toBeLessThan(250)
  }, 60_000)

  test('is what the page says', () => {
    const page = readFileSync(join(ROOT, 'docs', 'sizing.md'), 'utf8')
    for (const figure of ['450 bytes', '270 back', '0.9 KB', '90 to 150 bytes'])
      expect(page).toContain(figure)
  })
})
