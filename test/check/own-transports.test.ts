/** What a peer may do to a connection, and what is left of it at the end: on every transport of our own. */
import { once } from 'node:events'
import { connect, constants } from 'node:http2'
import { setImmediate } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals'
import { openFrames } from '../../src/check/frames/transport.ts'
import { openHttp2 } from '../../src/check/http2/transport.ts'
import { goodHeaders, prefixed, rawCall } from './raw-call.ts'
import {
  cleanUp,
  echo,
  frame,
  good,
  HELLO,
  held,
  holdIntervals,
  later,
  PATIENCE_MS,
  PREFACE,
  pass,
  SETTINGS,
  startTransport,
  turns,
  WATCH,
  watchFaults,
} from './transport-harness.ts'

beforeEach(watchFaults)
afterEach(async () => expect(await cleanUp()).toEqual([]))

describe.each([
  ['frames', openFrames],
  ['http2', openHttp2],
] as const)('%s:', (_, open) => {
  describe('a peer that speaks something else is cut, and the others go on', () => {
    test.each([
      ['HTTP/1.1', Buffer.from('GET / HTTP/1.1\r\nhost: x\r\n\r\n')],
      ['rubbish', Buffer.alloc(500, 0xab)],
      ['TLS', Buffer.from('160301020001000003', 'hex')],
      ['a preface with a mistake', Buffer.concat([PREFACE.subarray(0, 20), Buffer.from('xxxx')])],
      ['no SETTINGS after the preface', Buffer.concat([PREFACE, frame(6, 0, 0, Buffer.alloc(8))])],
      ['a frame larger than allowed', Buffer.concat([HELLO, frame(0, 0, 1, Buffer.alloc(20_000))])],
      ['DATA of no stream', Buffer.concat([HELLO, frame(0, 1, 0, Buffer.alloc(8))])],
      ['HEADERS that are no HPACK', Buffer.concat([HELLO, frame(1, 5, 1, Buffer.alloc(40, 0xff))])],
      ['SETTINGS of a wrong size', Buffer.concat([HELLO, frame(4, 0, 0, Buffer.alloc(5))])],
      ['WINDOW_UPDATE of 0', Buffer.concat([HELLO, frame(8, 0, 0, Buffer.alloc(4))])],
    ])('%s', async (_, bytes) => {
      const { socket, isWell } = await startTransport(open)
      const rude = socket()
      rude.resume()
      rude.write(bytes)
      await once(rude, 'close')
      expect(await isWell()).toBe(true)
    })
  })

  describe('a peer that goes too far', () => {
    test('a flood of PING and SETTINGS', async () => {
      const { socket, isWell } = await startTransport(open)
      const rude = socket()
      rude.resume()
      rude.write(HELLO)
      const ping = frame(6, 0, 0, Buffer.alloc(8))
      for (let i = 0; i < 100; i++) rude.write(Buffer.concat(Array(200).fill(i % 2 ? ping : SETTINGS)))
      await turns(20)
      expect(await isWell()).toBe(true)
    })

    test('headers beyond all measure', async () => {
      const { session, isWell } = await startTransport(open)
      const headers = Object.fromEntries(Array.from({ length: 500 }, (_, i) => [`x-${i}`, 'v'.repeat(200)]))
      await expect(rawCall(session(), { ...good, headers })).rejects.toThrow()
      expect(await isWell()).toBe(true)
    })

    test('GOAWAY, and an end in the middle of a call', async () => {
      const { handle, arrived, go } = held()
      const { session, isWell } = await startTransport(open, handle)
      const client = session()
      const stream = client.request(goodHeaders())
      stream.on('error', () => undefined)
      stream.end(good.chunks[0])
      await arrived
      client.goaway(constants.NGHTTP2_INTERNAL_ERROR)
      client.destroy()
      await turns(5)
      go()
      expect(await isWell()).toBe(true)
    })

    test('one that is silent from the beginning, or in the middle of the preface, is dropped', async () => {
      holdIntervals()
      const { socket } = await startTransport(open, echo, PATIENCE_MS)
      const silent = socket()
      const halting = socket()
      halting.write(PREFACE.subarray(0, 10))
      for (const peer of [silent, halting]) peer.resume()
      await Promise.all([once(silent, 'connect'), once(halting, 'connect')])
      await pass(Promise.all([once(silent, 'close'), once(halting, 'close')]))
      expect([silent.destroyed, halting.destroyed]).toEqual([true, true])
    })

    test('a message that does not come to its end is given up; a connection without calls is not', async () => {
      holdIntervals()
      const { session } = await startTransport(open, echo, PATIENCE_MS)
      const client = session()
      expect((await rawCall(client, good)).grpc).toBe('0')
      for (const chunks of [[], [Buffer.from([0])], [prefixed(Buffer.alloc(10), 0, 11)]])
        expect((await pass(rawCall(client, { chunks, isOpen: true }))).grpc).toBe('4')
      jest.advanceTimersByTime(10 * PATIENCE_MS)
      expect((await rawCall(client, good)).grpc).toBe('0')
    })

    test('an impatient one may reset call after call, and keeps its connection', async () => {
      const { session } = await startTransport(open)
      const client = session()
      for (let i = 0; i < 3000; i++) {
        const stream = client.request(goodHeaders())
        stream.on('error', () => undefined)
        stream.close(constants.NGHTTP2_CANCEL)
        if (i % 50 === 0) await setImmediate()
      }
      expect((await rawCall(client, good)).grpc).toBe('0')
    })
  })

  describe('a call that is reset', () => {
    const codes = [constants.NGHTTP2_CANCEL, constants.NGHTTP2_NO_ERROR, constants.NGHTTP2_INTERNAL_ERROR]
    const bytes = good.chunks[0] ?? Buffer.alloc(0)

    test.each(
      codes,
    )('at every moment, with code %i: it is not decided, or its answer is dropped', async (code) => {
      let decided = 0
      const { session } = await startTransport(open, async (message) => {
        decided++
        return message
      })
      const client = session()
      const reset = async (sent: number, wait: number) => {
        const stream = client.request(goodHeaders())
        stream.on('error', () => undefined)
        const closed = new Promise((resolve) => stream.once('close', resolve))
        if (sent > 0) stream.write(bytes.subarray(0, sent))
        await turns(wait)
        stream.close(code)
        await closed
      }
      for (const sent of [0, 3, 5, 8]) for (let wait = 0; wait < 6; wait++) await reset(sent, wait)
      expect((await rawCall(client, good)).grpc).toBe('0')
      expect(decided).toBe(1)
      for (let wait = 0; wait < 6; wait++) await reset(bytes.length, wait)
      expect((await rawCall(client, good)).grpc).toBe('0')
    })
  })

  test('a handler that rejects, which it must not, gives INTERNAL', async () => {
    const { session } = await startTransport(open, async () => {
      throw new Error('secret')
    })
    const answer = await rawCall(session(), good)
    expect(answer).toMatchObject({ grpc: '13', isTrailersOnly: true })
    expect(JSON.stringify(answer.trailers)).not.toContain('secret')
  })

  test('large bodies of many calls at once are all taken', async () => {
    const { session } = await startTransport(open)
    const client = session()
    const large = { chunks: [prefixed(Buffer.alloc(95_000, 'x'))] }
    const answers = await Promise.all(Array.from({ length: 200 }, () => rawCall(client, large)))
    expect(answers.filter(({ grpc }) => grpc !== '0')).toEqual([])
  })

  test('an answer larger than the windows of its client comes whole', async () => {
    const { listener } = await startTransport(open)
    const client = connect(`http://${listener.address}`, { settings: { initialWindowSize: 700 } })
    later(() => client.destroy())
    const large = prefixed(Buffer.alloc(95_000, 'x'))
    const bodies = Array.from({ length: 5 }, async () => {
      const stream = client.request(goodHeaders())
      stream.end(large)
      const parts: Buffer[] = []
      for await (const part of stream) parts.push(part)
      return Buffer.concat(parts)
    })
    for (const body of await Promise.all(bodies)) expect(body.equals(large)).toBe(true)
  })

  describe('the end', () => {
    test('idle connections, silent ones and open watches do not hold it', async () => {
      const { session, socket, listener, transport } = await startTransport(open)
      await rawCall(session(), good)
      const silent = socket()
      silent.resume()
      await once(silent, 'connect')
      const told: string[] = []
      const stream = session().request(goodHeaders(WATCH.headers))
      stream.end(WATCH.chunks[0])
      stream.on('data', (bytes: Buffer) => told.push(bytes.toString('hex')))
      const trailers = once(stream, 'trailers')
      await once(stream, 'data')
      transport.setServing(true)
      await once(stream, 'data')
      transport.setServing(true)
      await listener.close(60_000)
      expect(told).toEqual(['00000000020802', '00000000020801'])
      expect((await trailers)[0]).toMatchObject({ 'grpc-status': '14' })
    })

    test('a watch of an unknown service says so and stays open until then', async () => {
      const { session, listener, transport } = await startTransport(open)
      const stream = session().request(goodHeaders(WATCH.headers))
      stream.end(prefixed(Buffer.from('\n\x01x')))
      const [bytes] = await once(stream, 'data')
      expect(bytes.toString('hex')).toBe('00000000020803')
      transport.setServing(true)
      await turns(5)
      expect(stream.closed).toBe(false)
      await Promise.all([once(stream, 'trailers'), listener.close(60_000)])
    })
  })
})
