/** What node:http2 keeps of a connection. */
import diagnostics from 'node:diagnostics_channel'
import { once } from 'node:events'
import { constants, type ServerHttp2Stream } from 'node:http2'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { openHttp2 } from '../../../src/check/http2/transport.ts'
import { goodHeaders, rawCall } from '../raw-call.ts'
import {
  cleanUp,
  good,
  HELLO,
  held,
  later,
  startTransport,
  turns,
  watchFaults,
} from '../transport-harness.ts'

const bytes = good.chunks[0] ?? Buffer.alloc(0)

beforeEach(watchFaults)
afterEach(async () => expect(await cleanUp()).toEqual([]))

/** All streams that servers make from now on. */
function collectStreams(): () => ServerHttp2Stream[] {
  const streams: ServerHttp2Stream[] = []
  const collect = (message: unknown) => streams.push((message as { stream: ServerHttp2Stream }).stream)
  diagnostics.subscribe('http2.server.stream.created', collect)
  later(() => diagnostics.unsubscribe('http2.server.stream.created', collect))
  return () => streams
}

test('a call that is reset while it is decided: its answer is dropped', async () => {
  const serverStreams = collectStreams()
  const { handle, arrived, go } = held()
  const { session } = await startTransport(openHttp2, handle)
  const client = session()
  const stream = client.request(goodHeaders())
  stream.on('error', () => undefined)
  stream.end(bytes)
  await arrived
  const [served] = serverStreams()
  const gone = served && once(served, 'close')
  stream.close(constants.NGHTTP2_CANCEL)
  await gone
  go()
  await turns(2)
  expect(served?.destroyed).toBe(true)
  expect((await rawCall(client, good)).grpc).toBe('0')
})
test('of sessions and streams nothing is left, however they ended', async () => {
  const serverStreams = collectStreams()
  const { handle, arrived, go } = held()
  const { session, socket, listener } = await startTransport(openHttp2, handle)
  const clients = [session(), session(), session()]
  const begin = (i: number, bytes?: Buffer) => {
    const stream = clients[i]?.request(goodHeaders())
    stream?.on('error', () => undefined)
    if (bytes) stream?.end(bytes)
    return stream
  }
  begin(0, good.chunks[0])
  begin(1)?.write('half')
  begin(1)?.close(constants.NGHTTP2_CANCEL)
  begin(2)
  socket().write(HELLO)
  await arrived
  await rawCall(clients[2] ?? session(), { headers: { ':path': '/unknown' }, ...good })
  clients[2]?.destroy()
  await listener.close(20)
  go()
  await turns(5)
  const streams = serverStreams()
  expect(streams).toHaveLength(5)
  expect(streams.filter((stream) => !stream.destroyed)).toEqual([])
  expect(streams.filter(({ session: of }) => of !== undefined && !of.destroyed)).toEqual([])
})
