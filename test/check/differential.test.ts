/** The same calls to all transports: grpc-js is the reference, and where our own differ a reason stands here. */
import { deflateSync, gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { type CheckServer, startCheckServer } from '../../src/check/server.ts'
import { staticSettings } from '../../src/config/schema/static.ts'
import { silentLog } from '../../src/ports.ts'
import { openRaw, prefixed, type RawAnswer, type RawCall, rawCall } from './raw-call.ts'

const MIB = 1024 * 1024
const LIMIT = 64 * MIB
const GOOD = Buffer.from('a check')
const whole = prefixed(GOOD)
const HEALTH = '/grpc.health.v1.Health/Check'
const bytewise = [...whole].map((byte) => Buffer.from([byte]))

/** Says how much it was given, and the first of it. */
const handler = {
  handle: async (bytes: Buffer) => Buffer.from(`${bytes.length} ${bytes.subarray(0, 20)}`),
  inFlight: () => 0,
}

const OWN = ['frames', 'http2'] as const
const KINDS = [...OWN, 'grpc-js'] as const
const servers: CheckServer[] = []

beforeAll(async () => {
  for (const transport of KINDS) {
    const { server: settings } = staticSettings.parse({
      server: { listen: ['127.0.0.1:0'], transport },
      store: {},
    })
    servers.push(await startCheckServer(settings, handler, silentLog))
  }
})
afterAll(async () => {
  for (const server of servers) await server.close(1000)
})

/** What each answers: of the trailers only the status is compared, the words are each one's own. */
async function askAll(call: RawCall): Promise<Omit<RawAnswer, 'trailers'>[]> {
  const answers = []
  for (const { addresses } of servers) {
    const session = openRaw(addresses[0] ?? '')
    const { trailers: _, ...answer } = await rawCall(session, call)
    answers.push(answer)
    session.destroy()
  }
  return answers
}

interface Case {
  readonly call: RawCall
  /** What our own say, and where nothing else stands here grpc-js, too. */
  readonly grpc: string | undefined
}

const SAME: Record<string, Case> = {
  'a good call': { call: { chunks: [whole] }, grpc: '0' },
  'one byte at a time': { call: { chunks: bytewise }, grpc: '0' },
  'cut inside the prefix': { call: { chunks: [whole.subarray(0, 3), whole.subarray(3)] }, grpc: '0' },
  'cut behind the prefix': { call: { chunks: [whole.subarray(0, 5), whole.subarray(5)] }, grpc: '0' },
  'an empty message': { call: { chunks: [prefixed(Buffer.alloc(0))] }, grpc: '0' },
  'a message of 3 MiB': { call: { chunks: [prefixed(Buffer.alloc(3 * MIB, 'x'))] }, grpc: '0' },
  'content-type with the form of the message': {
    call: { headers: { 'content-type': 'application/grpc+proto' }, chunks: [whole] },
    grpc: '0',
  },
  'content-type with a parameter': {
    call: { headers: { 'content-type': 'application/grpc;v=1' }, chunks: [whole] },
    grpc: '0',
  },
  'grpc-timeout': { call: { headers: { 'grpc-timeout': '20S' }, chunks: [whole] }, grpc: '0' },
  gzip: {
    call: { headers: { 'grpc-encoding': 'gzip' }, chunks: [prefixed(gzipSync(GOOD), 1)] },
    grpc: '0',
  },
  deflate: {
    call: { headers: { 'grpc-encoding': 'deflate' }, chunks: [prefixed(deflateSync(GOOD), 1)] },
    grpc: '0',
  },
  'gzip named, but not used': { call: { headers: { 'grpc-encoding': 'gzip' }, chunks: [whole] }, grpc: '0' },
  'an unknown encoding named, but not used': {
    call: { headers: { 'grpc-encoding': 'snappy' }, chunks: [whole] },
    grpc: '0',
  },
  'an unknown encoding': {
    call: { headers: { 'grpc-encoding': 'snappy' }, chunks: [prefixed(GOOD, 1)] },
    grpc: '12',
  },
  'gzip that is none': {
    call: { headers: { 'grpc-encoding': 'gzip' }, chunks: [prefixed(GOOD, 1)] },
    grpc: '13',
  },
  'gzip that unfolds beyond the limit': {
    call: {
      headers: { 'grpc-encoding': 'gzip' },
      chunks: [prefixed(gzipSync(Buffer.alloc(LIMIT + 1)), 1)],
    },
    grpc: '8',
  },
  'larger than the limit, by its prefix': {
    call: { chunks: [prefixed(Buffer.alloc(0), 0, LIMIT + 1)], isOpen: true },
    grpc: '8',
  },
  '4 GiB by its prefix, and more coming': {
    call: { chunks: [prefixed(Buffer.alloc(16_384), 0, 2 ** 32 - 1), Buffer.alloc(65_536)] },
    grpc: '8',
  },
  'an unknown method': {
    call: { headers: { ':path': '/envoy.service.auth.v3.Authorization/Nothing' }, chunks: [whole] },
    grpc: '12',
  },
  'an unknown service': { call: { headers: { ':path': '/a.B/C' }, chunks: [whole] }, grpc: '12' },
  'a path with a query': {
    call: { headers: { ':path': '/envoy.service.auth.v3.Authorization/Check?x' }, chunks: [whole] },
    grpc: '12',
  },
  'GET without a body': { call: { headers: { ':method': 'GET' } }, grpc: '12' },
  'no body': { call: {}, grpc: '12' },
  'an empty DATA frame': { call: { chunks: [Buffer.alloc(0)] }, grpc: '12' },
  'two messages': { call: { chunks: [whole, whole] }, grpc: '12' },
  'two messages in one frame': { call: { chunks: [Buffer.concat([whole, whole])] }, grpc: '12' },
  'another content-type': {
    call: { headers: { 'content-type': 'application/json' }, chunks: [whole] },
    grpc: undefined,
  },
  'no content-type': { call: { headers: { 'content-type': null }, chunks: [whole] }, grpc: undefined },
  'health of the server': {
    call: { headers: { ':path': HEALTH }, chunks: [prefixed(Buffer.alloc(0))] },
    grpc: '0',
  },
  'health of a service nobody knows': {
    call: { headers: { ':path': HEALTH }, chunks: [prefixed(Buffer.from('\n\x01x'))] },
    grpc: '5',
  },
  'health asked with bytes that are no message': {
    call: { headers: { ':path': HEALTH }, chunks: [prefixed(Buffer.from('\n\xff', 'latin1'))] },
    grpc: '13',
  },
}

describe('all transports answer the same to', () => {
  test.each(Object.entries(SAME))('%s', async (_, { call, grpc }) => {
    const answers = await askAll(call)
    const reference = answers.at(-1)
    expect(answers).toEqual(KINDS.map(() => reference))
    expect(reference?.grpc).toBe(grpc)
  })
})

interface Difference extends Case {
  readonly reference: string | undefined
  readonly because: string
}

const DIFFERENT: Record<string, Difference> = {
  'gRPC-Web': {
    call: { headers: { 'content-type': 'application/grpc-web' }, chunks: [whole] },
    grpc: undefined,
    reference: '0',
    because: 'it frames its answers otherwise, and PROTOCOL-HTTP2 asks for 415; grpc-js compares a prefix',
  },
  'GET with a body': {
    call: { headers: { ':method': 'GET' }, chunks: [whole] },
    grpc: '12',
    reference: '0',
    because: 'PROTOCOL-HTTP2 knows POST alone; grpc-js does not look',
  },
  'compressed without an encoding': {
    call: { chunks: [prefixed(gzipSync(GOOD), 1)] },
    grpc: '13',
    reference: '0',
    because: 'doc/compression.md says INTERNAL; grpc-js takes the compressed bytes for the message',
  },
  'compressed as identity': {
    call: { headers: { 'grpc-encoding': 'identity' }, chunks: [prefixed(GOOD, 1)] },
    grpc: '13',
    reference: '0',
    because: 'the same',
  },
  'a flag of neither 0 nor 1': {
    call: { chunks: [prefixed(GOOD, 2)] },
    grpc: '13',
    reference: '0',
    because: 'PROTOCOL-HTTP2 knows 0 and 1; grpc-js takes all others for 0',
  },
  'half a prefix': {
    call: { chunks: [whole.subarray(0, 3)] },
    grpc: '13',
    reference: '12',
    because: 'it is no missing message but a broken one; grpc-js drops the pieces',
  },
  'a message shorter than its length': {
    call: { chunks: [prefixed(GOOD, 0, GOOD.length + 1)] },
    grpc: '13',
    reference: '12',
    because: 'the same',
  },
  'a message and a piece of another': {
    call: { chunks: [whole, whole.subarray(0, 7)] },
    grpc: '12',
    reference: '0',
    because: 'what is said besides the message cannot be ignored in silence; grpc-js drops the piece',
  },
  'a grpc-timeout that is none': {
    call: { headers: { 'grpc-timeout': 'soon' }, chunks: [whole] },
    grpc: '0',
    reference: '13',
    because: 'the header is not read: the handler has its own deadline, and Envoy resets',
  },
  'the list of health': {
    call: { headers: { ':path': '/grpc.health.v1.Health/List' }, chunks: [prefixed(Buffer.alloc(0))] },
    grpc: '12',
    reference: '0',
    because: 'there are two names, and Envoy and Kubernetes ask for one',
  },
}

describe('the transports differ on purpose about', () => {
  test.each(Object.entries(DIFFERENT))('%s', async (_, { call, grpc, reference }) => {
    const [frames, http2, grpcJs] = await askAll(call)
    expect(frames).toEqual(http2)
    expect([http2?.grpc, grpcJs?.grpc]).toEqual([grpc, reference])
  })

  test('an unknown encoding: only our own tell which they take, as doc/compression.md asks', async () => {
    const call = { headers: { 'grpc-encoding': 'snappy' }, chunks: [prefixed(GOOD, 1)] }
    const told = []
    for (const { addresses } of servers) {
      const session = openRaw(addresses[0] ?? '')
      told.push((await rawCall(session, call)).trailers['grpc-accept-encoding'])
      session.destroy()
    }
    expect(told).toEqual([...OWN.map(() => 'identity,deflate,gzip'), undefined])
  })
})

test.each(
  OWN,
)('%s: a call that is not gRPC gets 415, so that no client reads a status into it', async (kind) => {
  for (const contentType of ['application/json', 'application/grpcx', 'text/plain; application/grpc', '']) {
    const session = openRaw(servers[KINDS.indexOf(kind)]?.addresses[0] ?? '')
    const answer = await rawCall(session, { headers: { 'content-type': contentType }, chunks: [whole] })
    expect([answer.http, answer.grpc, answer.isTrailersOnly]).toEqual(['415', undefined, true])
    session.destroy()
  }
})
