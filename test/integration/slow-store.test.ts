/** A store that hangs, and more checks than there is room for: answers of the failure table, in time. */
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from '@jest/globals'
import type { Told } from '../harness/check-client.ts'
import { boundHeaders, mintNow } from '../harness/live.ts'
import { freePort } from '../harness/ports.ts'
import { makeSigner } from '../harness/proofs.ts'
import { startRedis } from '../harness/redis.ts'
import { startProxy } from '../harness/redis-proxy.ts'
import { AUDIENCE, issuerOf } from '../harness/tokens.ts'
import { describeWithValkey } from '../harness/tools.ts'
import { startVigil, type VigilProcess, writeInstanceKey } from '../harness/vigil.ts'
import { waitUntil } from '../harness/wait.ts'
import type { RequestOptions } from '../harness/wire.ts'
import { DEGRADED } from '../support/degraded.ts'

const CONFIG = {
  entrypoints: [{ name: 'gateway', externalOrigins: [AUDIENCE] }],
  identity: { issuers: [issuerOf()] },
  actions: [
    { name: 'read', match: { methods: ['GET'], paths: ['/v1/items'] }, sensitivity: 'low' },
    { name: 'note', match: { methods: ['PUT'], paths: ['/v1/items'] }, sensitivity: 'medium' },
    { name: 'pay', match: { methods: ['POST'], paths: ['/v1/items'] }, sensitivity: 'high' },
    { name: 'wipe', match: { methods: ['DELETE'], paths: ['/v1/items'] }, sensitivity: 'critical' },
  ],
  audit: { sinks: [] },
}

const cleanups: (() => unknown)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
}, 60_000)

interface Bounds {
  readonly budgetMs: number
  readonly server: { readonly deadlineMs: number; readonly maxInFlight?: number }
}

/** A Vigil whose store is on this port. */
async function startOn(port: number, { budgetMs, server }: Bounds): Promise<VigilProcess> {
  const folder = mkdtempSync(join(tmpdir(), 'vigil-slow-'))
  cleanups.push(() => rmSync(folder, { recursive: true, force: true }))
  const fixed = {
    store: { kind: 'redis', budgetMs, redis: { port } },
    instanceKeyFile: writeInstanceKey(folder),
  }
  const vigil = await startVigil({ config: CONFIG, fixed, server })
  cleanups.push(vigil.stop)
  return vigil
}

/** The product's budget, and a deadline that a busy machine does not break. */
const PATIENT: Bounds = { budgetMs: 20, server: { deadlineMs: 3000 } }

async function timed(vigil: VigilProcess, request: RequestOptions): Promise<Told & { ms: number }> {
  const startMs = performance.now()
  const told = await vigil.ask(request)
  return { ...told, ms: performance.now() - startMs }
}

let streams = 0
const as = (method: string): RequestOptions => ({
  method,
  headers: { authorization: `Bearer ${mintNow()}` },
  streamId: `stream-${++streams}`,
})

/** The row of the failure table, by sensitivity, each answer within the deadline. */
async function expectFailureRow(vigil: VigilProcess): Promise<void> {
  const { deadlineMs } = PATIENT.server
  const degraded = () => vigil.metric('vigil_checks_degraded_total', { input: 'store' })
  const failed = () => vigil.metric('vigil_store_errors_total', { call: 'read' })
  const before = { degraded: await degraded(), failed: await failed() }
  for (const method of ['GET', 'PUT']) {
    const told = await timed(vigil, as(method))
    expect(told).toMatchObject({ isPass: true, degraded: DEGRADED })
    expect(told.upstreamHeader('x-vigil-degraded')).toBe(DEGRADED.join())
    expect(told.ms).toBeLessThan(deadlineMs)
  }
  for (const method of ['POST', 'DELETE']) {
    const told = await timed(vigil, as(method))
    expect(told).toMatchObject({ status: 503, reasons: ['history.store.unavailable'], degraded: DEGRADED })
    expect(told.header('retry-after')).toBe('1')
    expect(told.ms).toBeLessThan(deadlineMs)
  }
  expect((await degraded()) - before.degraded).toBe(4)
  expect((await failed()) - before.failed).toBe(4)
}

/** Checks, then the end: a drain does not wait for a store that is away, and is not cut short by it either. */
async function expectServiceOn(port: number): Promise<void> {
  const vigil = await startOn(port, PATIENT)
  await expectFailureRow(vigil)
  expect(await vigil.stop()).toBe(0)
  expect(vigil.running.output()).toContain('"vigil ended"')
}

test('without a store Vigil starts, answers and ends', async () => {
  await expectServiceOn(await freePort())
}, 60_000)

describe('a store that takes connections and never says a word', () => {
  async function startMute(): Promise<number> {
    const sockets = new Set<Socket>()
    const server = createServer((socket) => void sockets.add(socket.on('error', () => undefined)))
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    cleanups.push(() => {
      for (const socket of sockets) socket.destroy()
      server.close()
    })
    return (server.address() as AddressInfo).port
  }

  test('does not keep Vigil from its start, its answers or its end', async () => {
    await expectServiceOn(await startMute())
  }, 60_000)
})

describeWithValkey('a store that falls silent', (server) => {
  async function startFrozen(bounds: Bounds) {
    const valkey = await startRedis({ server })
    cleanups.push(valkey.stop)
    const proxy = await startProxy(valkey.port)
    cleanups.push(proxy.stop)
    const vigil = await startOn(proxy.port, bounds)
    await vigil.running.waitForLine(/store\.connected/)
    const isWhole = async () => (await vigil.ask(as('GET'))).degraded.length === 0
    await waitUntil('a check with the store', 10_000, isWhole)
    proxy.freeze()
    return { vigil, proxy }
  }

  test('is waited for no longer than its budget: low goes on, high is 503, all in time', async () => {
    const { vigil } = await startFrozen(PATIENT)
    await expectFailureRow(vigil)
    expect(
      await vigil.metric('vigil_store_errors_total', { call: 'read', reason: 'timeout' }),
    ).toBeGreaterThan(0)
    expect(await vigil.stop()).toBe(0)
  }, 60_000)

  test('does not open the door to a replay: a fresh nonce is asked for, and this process remembers', async () => {
    const { vigil } = await startFrozen(PATIENT)
    const signer = await makeSigner('ES256')
    const prove = (method: string, nonce?: string): RequestOptions => ({
      ...as(method),
      headers: boundHeaders(signer, '/v1/items', { htm: method, nonce }),
    })
    const asked = await vigil.ask(prove('GET'))
    expect(asked).toMatchObject({ status: 401, reasons: ['identity.dpop.nonce-required'] })
    const good = prove('GET', asked.header('dpop-nonce'))
    expect(await vigil.ask(good)).toMatchObject({ isPass: true, degraded: [...DEGRADED, 'replay'] })
    const replayed = await vigil.ask({ ...good, streamId: 'another stream' })
    expect(replayed).toMatchObject({ status: 401, reasons: ['identity.dpop.replayed'] })
    const high = await vigil.ask(prove('POST', asked.header('dpop-nonce')))
    expect(high).toMatchObject({ status: 503, reasons: ['history.replay.unavailable'] })
  }, 60_000)

  test('with a budget beyond the deadline, the deadline answers: 503, counted', async () => {
    const { vigil } = await startFrozen({ budgetMs: 10_000, server: { deadlineMs: 300 } })
    const late = { reason: 'check.deadline.exceeded' }
    for (const method of ['GET', 'DELETE']) {
      const told = await timed(vigil, as(method))
      expect(told).toMatchObject({ status: 503, reasons: [late.reason] })
      expect(told.header('retry-after')).toBe('1')
      // At 300 ms and not before; the upper bound leaves room for a busy machine and is far from the budget.
      expect(told.ms).toBeGreaterThan(290)
      expect(told.ms).toBeLessThan(5000)
    }
    expect(await vigil.metric('vigil_checks_refused_total', late)).toBe(2)
    expect(await vigil.metric('vigil_checks_in_flight')).toBe(0)
  }, 60_000)

  test('more checks in flight than allowed: 503 at once, counted; those in flight end as they should', async () => {
    const { vigil, proxy } = await startFrozen({
      budgetMs: 10_000,
      server: { deadlineMs: 30_000, maxInFlight: 4 },
    })
    const inFlight = Array.from({ length: 4 }, () => vigil.ask(as('GET')))
    await waitUntil('4 in flight', 10_000, async () => (await vigil.metric('vigil_checks_in_flight')) === 4)
    for (let i = 0; i < 3; i++) {
      const told = await timed(vigil, as('GET'))
      expect(told).toMatchObject({ status: 503, reasons: ['check.capacity.exceeded'] })
      expect(told.header('retry-after')).toBe('1')
      expect(told.ms).toBeLessThan(5000)
    }
    expect(await vigil.metric('vigil_checks_refused_total', { reason: 'check.capacity.exceeded' })).toBe(3)
    proxy.thaw()
    for (const told of await Promise.all(inFlight)) expect(told).toMatchObject({ isPass: true, degraded: [] })
    expect(await vigil.ask(as('GET'))).toMatchObject({ isPass: true })
  }, 60_000)
})
