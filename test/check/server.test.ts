import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { connect } from 'node:tls'
import { Client, credentials, type ServiceError } from '@grpc/grpc-js'
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals'
import { createCheckHandler } from '../../src/check/handler.ts'
import { type CheckServer, startCheckServer } from '../../src/check/server.ts'
import { CHECK_PATH, decodeResponse, encodeRequest, type WireCheckResponse } from '../../src/check/wire.ts'
import { type ServerSettings, staticSettings } from '../../src/config/schema/static.ts'
import type { Caller, Check, Outcome } from '../../src/model.ts'
import { silentLog, silentMeter } from '../../src/ports.ts'
import { AT_MS, ID, refusedAnswer, sampleOutcome, wireRequest } from '../support/edge-samples.ts'
import { certificateMaker } from './certs.ts'

const dir = mkdtempSync(join(tmpdir(), 'vigil-server-'))
const certs = certificateMaker(dir)
const GATEWAY = 'spiffe://mesh/gateway'
const open: (() => unknown)[] = []

beforeAll(() => {
  certs.ca('ca')
  certs.ca('strangers')
  certs.leaf('server', 'ca', 'DNS:localhost')
  certs.leaf('gateway', 'ca', `URI:${GATEWAY}`)
  certs.leaf('other', 'ca', 'URI:spiffe://mesh/other')
  certs.leaf('stranger', 'strangers', `URI:${GATEWAY}`)
})
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close()
})
afterAll(() => rmSync(dir, { recursive: true }))

type Decide = (check: Check) => Promise<Outcome>
const passes: Decide = async (check) => sampleOutcome({ check })

async function startWith(over: Partial<ServerSettings>, decide: Decide = passes) {
  const defaults = staticSettings.parse({ server: {}, store: {} }).server
  const settings = { ...defaults, listen: ['127.0.0.1:0'], ...over }
  const callers: Caller[] = []
  const handler = createCheckHandler(
    () => ({
      decide: (check) => {
        callers.push(check.caller)
        return decide(check)
      },
      finish: () => undefined,
      refuse: (check) => sampleOutcome({ check, answer: refusedAnswer() }),
      abandon: () => undefined,
    }),
    {
      deadlineMs: 5000,
      maxInFlight: 100,
      callers: settings.callers,
      clock: { nowMs: () => AT_MS, monotonicMs: () => 0 },
      newId: () => ID,
      defer: (run) => run(),
      meter: silentMeter,
      log: silentLog,
    },
  )
  const server = await startCheckServer(settings, handler, silentLog)
  open.push(() => server.close(0))
  return { server, callers, address: server.addresses[0] ?? '' }
}

function client(address: string, how = credentials.createInsecure()): Client {
  const made = new Client(address, how, { 'grpc.ssl_target_name_override': 'localhost' })
  open.push(() => made.close())
  return made
}

const asIs = (bytes: Buffer) => bytes

function call(from: Client, path: string, bytes: Buffer): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const deadline = new Date(Date.now() + 5000)
    from.makeUnaryRequest(path, asIs, asIs, bytes, { deadline }, (error: ServiceError | null, response) => {
      if (error) reject(error)
      else resolve(response ?? Buffer.alloc(0))
    })
  })
}

const ask = async (from: Client, bytes = encodeRequest(wireRequest())): Promise<WireCheckResponse> =>
  decodeResponse(await call(from, CHECK_PATH, bytes))

const tls = () => ({ certFile: certs.at('server.crt'), keyFile: certs.at('server.key') })
const mutual = () => ({ ...tls(), clientCaFile: certs.at('ca.crt') })
const ca = () => readFileSync(certs.at('ca.crt'))
const as = (name: string) =>
  credentials.createSsl(ca(), readFileSync(certs.at(`${name}.key`)), readFileSync(certs.at(`${name}.crt`)))

/** grpc.health.v1: the status is field 1; 1 is SERVING, 2 is NOT_SERVING. */
async function health(from: Client, service: string): Promise<number | undefined> {
  const request = Buffer.concat([Buffer.from([0x0a, service.length]), Buffer.from(service)])
  return (await call(from, '/grpc.health.v1.Health/Check', request))[1]
}

/** A decision that waits until it is let go. */
function held() {
  const arrived = Promise.withResolvers<void>()
  const go = Promise.withResolvers<void>()
  const decide: Decide = async (check) => {
    arrived.resolve()
    await go.promise
    return sampleOutcome({ check })
  }
  return { decide, arrived: arrived.promise, go: () => go.resolve() }
}

describe.each(['frames', 'http2', 'grpc-js'] as const)('transport %s', (transport) => {
  const start = (over: Partial<ServerSettings>, decide?: Decide) => startWith({ transport, ...over }, decide)

  describe('a check over the wire', () => {
    test('TCP: the caller is unverified', async () => {
      const { address, callers } = await start({})
      expect((await ask(client(address))).ok_response).toBeDefined()
      expect(callers).toEqual([{ state: 'unverified', sans: [] }])
    })

    test('a Unix socket: the caller is local, and a stale socket is replaced', async () => {
      const path = join(dir, 'vigil.sock')
      const { address, callers } = await start({ listen: [`unix:${path}`], callers: [GATEWAY] })
      expect((await ask(client(address))).ok_response).toBeDefined()
      expect(callers).toEqual([{ state: 'local', sans: [] }])
      const again = await start({ listen: [`unix:${path}`] })
      expect((await ask(client(again.address))).ok_response).toBeDefined()
    })

    test('a file that is no socket is not deleted', async () => {
      const path = join(dir, 'precious')
      writeFileSync(path, 'data')
      await expect(start({ listen: [`unix:${path}`] })).rejects.toThrow('no socket')
      expect(existsSync(path)).toBe(true)
    })

    test('an address in use is an error that names it', async () => {
      const { address } = await start({})
      await expect(start({ listen: [address] })).rejects.toThrow(`cannot listen on ${address}`)
    })

    test('random and empty bytes get a CheckResponse with a denial, not a gRPC error', async () => {
      const { address } = await start({}, async (check) =>
        sampleOutcome({ check, answer: refusedAnswer(403) }),
      )
      const from = client(address)
      for (const bytes of [Buffer.from('0aff', 'hex'), Buffer.alloc(0), Buffer.alloc(300, 0xab)]) {
        expect((await ask(from, bytes)).status.code).toBe(7)
      }
    })
  })

  describe('TLS', () => {
    test('without client certificates the caller is unverified, and a plaintext client gets nothing', async () => {
      const { address, callers } = await start({ tls: tls() })
      expect((await ask(client(address, credentials.createSsl(ca())))).ok_response).toBeDefined()
      expect(callers).toEqual([{ state: 'unverified', sans: [] }])
      await expect(ask(client(address))).rejects.toThrow()
    })

    test('mTLS with a listed SAN', async () => {
      const { address, callers } = await start({ tls: mutual(), callers: [GATEWAY] })
      expect((await ask(client(address, as('gateway')))).ok_response).toBeDefined()
      expect(callers).toEqual([{ state: 'verified', sans: [GATEWAY] }])
    })

    test('mTLS with another SAN: 403 and decide is never called', async () => {
      const { address, callers } = await start({ tls: mutual(), callers: [GATEWAY] })
      const response = await ask(client(address, as('other')))
      expect(response.status.code).toBe(7)
      expect(response.denied_response?.status.code).toBe(403)
      expect(callers).toEqual([])
    })

    test('mTLS with the right SAN of another CA, or without a certificate: no connection', async () => {
      const { address, callers } = await start({ tls: mutual(), callers: [GATEWAY] })
      await expect(ask(client(address, as('stranger')))).rejects.toThrow()
      await expect(ask(client(address, credentials.createSsl(ca())))).rejects.toThrow()
      expect(callers).toEqual([])
    })
  })

  describe('one server per TLS connection', () => {
    test('callers at the same time stay who they are, whichever asks', async () => {
      const { address, callers } = await start({ tls: mutual() })
      const [gateway, other] = [client(address, as('gateway')), client(address, as('other'))]
      for (let i = 0; i < 3; i++) {
        for (const from of [gateway, other, other]) await ask(from)
      }
      const order = callers.map(({ sans }) => sans[0]?.slice('spiffe://mesh/'.length))
      expect(order).toEqual(Array(3).fill(['gateway', 'other', 'other']).flat())
    })

    test('health is told over TLS, and changes on open connections', async () => {
      const { server, address } = await start({ tls: mutual() })
      const from = client(address, as('gateway'))
      expect(await health(from, '')).toBe(2)
      server.setServing(true)
      expect(await health(from, '')).toBe(1)
    })

    test('a check in flight when closing starts is still answered, and nobody comes in any more', async () => {
      const { decide, arrived, go } = held()
      const { server, address } = await start({ tls: mutual() }, decide)
      const asked = ask(client(address, as('gateway')))
      await arrived
      let isClosed = false
      const closed = server.close(5000).then(() => {
        isClosed = true
      })
      for (let turn = 0; turn < 50; turn++) await setImmediate()
      expect(isClosed).toBe(false)
      go()
      expect((await asked).ok_response).toBeDefined()
      await closed
      await expect(ask(client(address, as('gateway')))).rejects.toMatchObject({ code: 14 })
    })

    test('what is still in flight after the timeout is cut', async () => {
      const { decide, arrived, go } = held()
      const { server, address } = await start({ tls: mutual() }, decide)
      const outcome = expect(ask(client(address, as('gateway')))).rejects.toThrow()
      await arrived
      await server.close(20)
      await outcome
      go()
    })

    test('what speaks no HTTP/2 is cut, and the others go on', async () => {
      const { address } = await start({ tls: mutual() })
      const port = Number(address.slice(address.lastIndexOf(':') + 1))
      const [key, cert] = [readFileSync(certs.at('gateway.key')), readFileSync(certs.at('gateway.crt'))]
      const socket = connect({ host: '127.0.0.1', port, ca: ca(), key, cert, servername: 'localhost' })
      socket.on('error', () => undefined)
      await once(socket, 'close')
      expect((await ask(client(address, as('gateway')))).ok_response).toBeDefined()
    })
  })

  test('when one listener cannot be bound, none stays', async () => {
    const { address } = await start({})
    const path = join(dir, 'first.sock')
    await expect(start({ listen: [`unix:${path}`, address] })).rejects.toThrow(`cannot listen on ${address}`)
    await expect(ask(client(`unix:${path}`))).rejects.toMatchObject({ code: 14 })
  })

  describe('health and drain', () => {
    const SERVICE = 'envoy.service.auth.v3.Authorization'

    test('health says NOT_SERVING until told, for the server and the service', async () => {
      const { server, address } = await start({})
      const from = client(address)
      const both = async () => [await health(from, ''), await health(from, SERVICE)]
      expect(await both()).toEqual([2, 2])
      server.setServing(true)
      expect(await both()).toEqual([1, 1])
      server.setServing(false)
      expect(await both()).toEqual([2, 2])
      await expect(health(from, 'unknown')).rejects.toMatchObject({ code: 5 })
      // Draining: health has flipped, checks are still served.
      expect((await ask(from)).ok_response).toBeDefined()
    })

    test('a check in flight when closing starts is still answered', async () => {
      const { decide, arrived, go } = held()
      const { server, address } = await start({}, decide)
      const asked = ask(client(address))
      await arrived
      const closed = server.close(5000)
      go()
      expect((await asked).ok_response).toBeDefined()
      await closed
      await expect(ask(client(address))).rejects.toMatchObject({ code: 14 })
    })

    test('what is still in flight after the timeout is cut', async () => {
      const { decide, arrived, go } = held()
      const { server, address } = await start({}, decide)
      const asked = ask(client(address))
      const outcome = expect(asked).rejects.toThrow()
      await arrived
      await server.close(20)
      await outcome
      go()
    })

    test('several listeners are bound in the order of the settings', async () => {
      const path = `unix:${join(dir, 'two.sock')}`
      const { server } = await start({ listen: ['127.0.0.1:0', path] })
      const addresses: CheckServer['addresses'] = server.addresses
      expect(addresses[0]).toMatch(/^127\.0\.0\.1:[1-9]\d*$/)
      expect(addresses[1]).toBe(path)
    })
  })
})
