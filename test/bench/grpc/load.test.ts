import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { Metadata, Server, ServerCredentials, status } from '@grpc/grpc-js'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { encodeResponse } from '../../../src/check/encode.ts'
import { CHECK_PATH } from '../../../src/check/wire.ts'
import { CheckClient } from './client.ts'
import { dataFrame, FRAME, frame, HEAD_BYTES, isPass } from './frames.ts'
import { load } from './load.ts'

/** The driver against a real grpc-js server that answers as the message says. */
const PASS = encodeResponse({
  status: { code: 0 },
  ok_response: { headers: [], headers_to_remove: [], response_headers_to_add: [] },
  dynamic_metadata: {},
})
const DENY = encodeResponse({
  status: { code: 7, message: 'deny' },
  denied_response: { status: { code: 403 }, headers: [], body: '' },
  dynamic_metadata: {},
})

const server = new Server()
let address = ''
let received = 0
const asIs = (bytes: Buffer) => bytes

beforeAll(async () => {
  const method = {
    path: CHECK_PATH,
    requestStream: false,
    responseStream: false,
    requestSerialize: asIs,
    requestDeserialize: asIs,
    responseSerialize: asIs,
    responseDeserialize: asIs,
  } as const
  server.addService(
    { Check: method },
    {
      Check: (call: { request: Buffer }, callback: (error: object | null, bytes?: Buffer) => void) => {
        received++
        const what = call.request.toString('latin1', 0, 4)
        if (what === 'fail') callback({ code: status.INTERNAL, metadata: new Metadata() })
        else callback(null, what === 'deny' ? DENY : PASS)
      },
    },
  )
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    )
  })
  address = `127.0.0.1:${port}`
})
afterAll(() => server.forceShutdown())

/** Each message once. */
function supplyOf(messages: readonly string[]): () => Buffer | undefined {
  let at = 0
  return () => {
    const message = messages[at++]
    return message === undefined ? undefined : dataFrame(Buffer.from(message))
  }
}

describe('the driver', () => {
  test('tells what passed from what was refused and what failed', async () => {
    const next = supplyOf(['pass', 'deny', 'fail', 'pass', 'pass'])
    const result = await load({ address, kind: 'closed', count: 2, seconds: 30 }, next)
    expect(result).toMatchObject({ sent: 5, passed: 3, refused: 1, failed: 1 })
  })

  test('sends each message once, however many wait', async () => {
    received = 0
    const messages = Array.from({ length: 400 }, () => 'pass'.padEnd(16_000, '.'))
    const result = await load({ address, kind: 'closed', count: 200, seconds: 30 }, supplyOf(messages))
    expect(result).toMatchObject({ sent: 400, passed: 400, refused: 0, failed: 0 })
    expect(received).toBe(400)
  })

  test('a message of several frames arrives whole, however small the window', async () => {
    const messages = Array.from({ length: 20 }, (_, i) => (i % 2 === 0 ? 'pass' : 'deny').padEnd(60_000, '.'))
    const result = await load({ address, kind: 'closed', count: 5, seconds: 30 }, supplyOf(messages))
    expect(result).toMatchObject({ sent: 20, passed: 10, refused: 10, failed: 0 })
  })

  test('the open loop sends as many as are due, whatever comes back', async () => {
    const messages = Array.from({ length: 100 }, (_, i) => (i % 10 === 0 ? 'deny' : 'pass'))
    const result = await load({ address, kind: 'open', count: 500, seconds: 0.1 }, supplyOf(messages))
    expect(result).toMatchObject({ sent: 50, passed: 45, refused: 5, failed: 0 })
  })
})

/** The types of the frames that come in, and the rest that is no whole frame yet. */
function split(bytes: Buffer): { types: number[]; rest: Buffer } {
  const types: number[] = []
  let rest = bytes
  while (rest.length >= HEAD_BYTES && rest.length >= HEAD_BYTES + rest.readUIntBE(0, 3)) {
    types.push(rest[3] ?? -1)
    rest = rest.subarray(HEAD_BYTES + rest.readUIntBE(0, 3))
  }
  return { types, rest }
}

/** Tells the DATA frames and PINGs it sees; asks for a sign of life after the fourth and opens the window then. */
function watch(socket: Socket, seen: string[]): void {
  const PREFACE_BYTES = 24
  let rest: Buffer | undefined
  socket.on('data', (chunk: Buffer) => {
    const parts = split(rest === undefined ? chunk.subarray(PREFACE_BYTES) : Buffer.concat([rest, chunk]))
    rest = parts.rest
    for (const type of parts.types) reactTo(type, socket, seen)
  })
}

function reactTo(type: number, socket: Socket, seen: string[]): void {
  if (type === FRAME.ping) {
    seen.push('pong')
    socket.write(frame(FRAME.windowUpdate, 0, 0, Buffer.from([0, 16, 0, 0])))
  }
  if (type === FRAME.data) seen.push('data')
  if (type === FRAME.data && seen.length === 4) socket.write(frame(FRAME.ping, 0, 0, Buffer.alloc(8)))
  if (seen.length === 7) socket.destroy()
}

describe('a server that answers nothing', () => {
  const CALL = '.'.repeat(50)
  const received = new Map<Socket, string>()
  const calls = () => [...received.values()].reduce((sum, text) => sum + text.split(CALL).length - 1, 0)
  const silent = createServer((socket) => {
    socket.on('data', (chunk: Buffer) => {
      received.set(socket, (received.get(socket) ?? '') + chunk.toString('latin1'))
      if (calls() === 20) for (const each of received.keys()) each.destroy()
    })
  })
  afterAll(() => void silent.close())

  test('all that was sent waits when the last call is sent', async () => {
    silent.listen(0, '127.0.0.1')
    await once(silent, 'listening')
    const { port } = silent.address() as AddressInfo
    const messages = Array.from({ length: 20 }, () => CALL)
    const plan = { address: `127.0.0.1:${port}`, kind: 'open', count: 500, seconds: 0.04 } as const
    expect(await load(plan, supplyOf(messages))).toMatchObject({ sent: 20, failed: 20, backlog: 20 })
  })
})

describe('one connection', () => {
  const seen: string[] = []
  const counting = createServer((socket) => watch(socket, seen))
  afterAll(() => void counting.close())

  test('waits for the window, and what was not answered when it closed has failed', async () => {
    counting.listen(0, '127.0.0.1')
    await once(counting, 'listening')
    const client = await CheckClient.open(`127.0.0.1:${(counting.address() as AddressInfo).port}`)
    // Four of these fit into the 65,535 bytes that a connection may send at first.
    const message = dataFrame(Buffer.alloc(16_000))
    const outcomes = Array.from({ length: 6 }, () => new Promise((resolve) => client.call(message, resolve)))
    client.flush()
    expect(await Promise.all(outcomes)).toEqual(Array.from({ length: 6 }, () => 'failed'))
    expect(seen).toEqual(['data', 'data', 'data', 'data', 'pong', 'data', 'data'])
  })
})

describe('what passes', () => {
  const framed = (bytes: Buffer) => dataFrame(bytes).subarray(9)

  test('status 0 and nothing else', () => {
    expect(isPass(framed(PASS))).toBe(true)
    expect(isPass(framed(DENY))).toBe(false)
    // An empty answer lets a request pass at Envoy, but no subject of this bench means it.
    expect(isPass(framed(Buffer.alloc(0)))).toBe(false)
  })
})
