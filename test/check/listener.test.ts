/** The whole service behind its real gRPC listener: whatever bytes arrive, an answer goes back, and no gRPC error. */
import { setImmediate as nextTurn } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { createCheckHandler } from '../../src/check/handler.ts'
import { type CheckServer, startCheckServer } from '../../src/check/server.ts'
import { staticSettings } from '../../src/config/schema/static.ts'
import { silentLog } from '../../src/ports.ts'
import { openTestApp, type TestApp } from '../harness/app.ts'
import { type CheckClient, openCheckClient, type Told } from '../harness/check-client.ts'
import { AUDIENCE, issuerOf, mintAccessToken, NOW_MS } from '../harness/tokens.ts'
import { checkBytes } from '../harness/wire.ts'
import { fakeMeter } from '../store/fakes.ts'

const MAX_BYTES = 64 * 1024
const SETTINGS = {
  identity: { issuers: [issuerOf()] },
  entrypoints: [{ name: 'gateway', externalOrigins: [AUDIENCE] }],
  actions: [{ name: 'read', match: { paths: ['/v1/items'] }, sensitivity: 'low' }],
}

let app: TestApp
let server: CheckServer
let client: CheckClient
const meter = fakeMeter()

beforeAll(async () => {
  app = await openTestApp(SETTINGS, { meter })
  app.clock.set(NOW_MS + 1000)
  const { server: settings } = staticSettings.parse({
    server: { listen: ['127.0.0.1:0'], maxMessageBytes: MAX_BYTES, deadlineMs: 10_000 },
    store: {},
  })
  const handler = createCheckHandler(app.app.decider, {
    ...settings,
    clock: app.clock,
    newId: app.newId,
    defer: (run) => void setImmediate(run),
    meter,
    log: silentLog,
  })
  server = await startCheckServer(settings, handler, silentLog)
  // One connection for everything: an error on it would be seen by the next.
  client = openCheckClient(server.addresses[0] ?? '')
})
afterAll(async () => {
  client.close()
  await server.close(0)
  await app.close()
})

const token = mintAccessToken()
/** A check that passes. */
const goodBytes = (padding = '') =>
  checkBytes({ headers: { authorization: `Bearer ${token}`, ...(padding && { 'x-padding': padding }) } })

/** A refusal in every part: explicit code, HTTP status, problem, and nothing that would pass. */
function expectDenial({ response, status, effect }: Told): void {
  expect([7, 16]).toContain(response.status.code)
  expect(response.ok_response).toBeUndefined()
  expect(status).toBeGreaterThanOrEqual(400)
  expect(JSON.parse(response.denied_response?.body ?? '')).toMatchObject({ status })
  expect(effect).toBe('deny')
}

test('a good check passes', async () => {
  expect((await client.ask(goodBytes())).isPass).toBe(true)
})

describe('bytes that are no check', () => {
  test('random bytes get a denial', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 600 }), async (bytes) => {
        expectDenial(await client.ask(Buffer.from(bytes)))
      }),
      { numRuns: 500 },
    )
  }, 60_000)

  test('a check that ends anywhere before its end gets a denial', async () => {
    const whole = checkBytes({ headers: { authorization: 'Bearer x' } })
    for (let length = 0; length < whole.length; length++)
      expectDenial(await client.ask(whole.subarray(0, length)))
  }, 60_000)

  test('a check with one byte changed gets a well-formed answer, and passes only as what it says', async () => {
    const whole = goodBytes()
    await fc.assert(
      fc.asyncProperty(fc.nat(whole.length - 1), fc.integer({ min: 1, max: 255 }), async (at, change) => {
        const bytes = Buffer.from(whole)
        bytes[at] = (bytes[at] ?? 0) ^ change
        const told = await client.ask(bytes)
        if (!told.isPass) expectDenial(told)
        // Some bytes do not matter (an address, a port); the token's do.
        else expect(bytes.includes(token)).toBe(true)
      }),
      { numRuns: 500 },
    )
  }, 60_000)

  test('many at once do not disturb a good one', async () => {
    const junk = Array.from({ length: 50 }, (_, i) => client.ask(Buffer.alloc(i + 1, 0xff)))
    const good = client.ask(goodBytes())
    for (const told of await Promise.all(junk)) expectDenial(told)
    expect((await good).isPass).toBe(true)
  })
})

describe('a check larger than maxMessageBytes', () => {
  const sized = (bytes: number): Buffer => {
    // The padding's own length takes more bytes the longer it is, so it is found by trying.
    for (let padding = bytes - goodBytes().length; padding > 0; padding--) {
      const made = goodBytes('x'.repeat(padding))
      if (made.length === bytes) return made
    }
    throw new Error(`no check has ${bytes} bytes`)
  }

  test('is denied with 413 and counted; one that just fits is decided', async () => {
    expect((await client.ask(sized(MAX_BYTES))).isPass).toBe(true)
    const told = await client.ask(sized(MAX_BYTES + 1))
    expectDenial(told)
    expect(told).toMatchObject({ status: 413, reasons: ['check.request.oversized'] })
    // Counting follows the answer, one turn of the event loop later.
    await nextTurn()
    const counted = Object.keys(meter.counts).filter((series) => series.includes('check.request.oversized'))
    expect(counted.map((series) => meter.counts[series])).toEqual([1])
  })

  test('also when it is larger by far, where gRPC alone would answer with an error', async () => {
    for (const bytes of [Buffer.alloc(8 * 1024 * 1024, 0xff), goodBytes('x'.repeat(20 * 1024 * 1024))]) {
      const told = await client.ask(bytes)
      expectDenial(told)
      expect(told.status).toBe(413)
    }
    expect((await client.ask(goodBytes())).isPass).toBe(true)
  }, 30_000)
})
