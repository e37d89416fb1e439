/** Node's own encoder against our decoder: what nghttp2 writes into its blocks is what is read out of them. */
import { once } from 'node:events'
import { connect, type OutgoingHttpHeaders } from 'node:http2'
import { createServer } from 'node:net'
import { afterAll, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { FrameReader } from '../../../src/check/frames/frame-reader.ts'
import { HeaderBlock } from '../../../src/check/frames/header-block.ts'
import { HpackDecoder } from '../../../src/check/frames/hpack.ts'
import { FLAG, FRAME } from '../../../src/check/frames/protocol.ts'
import { frame, SETTINGS } from '../transport-harness.ts'

const RUNS = 3000
const blocks: [string, string][][] = []
let onBlock: () => void = () => undefined

const server = createServer((socket) => {
  const hpack = new HpackDecoder()
  let block: HeaderBlock | undefined
  const reader = new FrameReader({
    frame: (type, flags, stream, bytes, at, end) => {
      if (type === FRAME.settings && (flags & FLAG.ack) === 0)
        socket.write(frame(FRAME.settings, FLAG.ack, 0))
      if (type !== FRAME.headers && type !== FRAME.continuation) return
      block ??= new HeaderBlock(stream, true)
      // Its priority, which nghttp2 sends with some.
      block.add(bytes, (flags & FLAG.priority) === 0 || type !== FRAME.headers ? at : at + 5, end)
      if ((flags & FLAG.endHeaders) === 0) return
      const whole = block.whole()
      block = undefined
      const fields: [string, string][] = []
      hpack.decode(whole, 0, whole.length, { field: ({ name, value }) => fields.push([name, value]) })
      blocks.push(fields)
      // 204, and nothing behind it.
      socket.write(frame(FRAME.headers, FLAG.endHeaders | FLAG.endStream, stream, Buffer.from([0x89])))
      onBlock()
    },
  })
  socket.on('error', () => undefined)
  socket.on('data', (chunk: Buffer) => reader.push(chunk))
  socket.write(SETTINGS)
})
afterAll(() => void server.close())

test('random headers come out as they went in, whatever the table holds', async () => {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  const client = connect(`http://127.0.0.1:${port}`)
  const name = fc.stringMatching(/^[a-z][a-z0-9-]{0,12}$/).map((part) => `x${part}`)
  const value = fc.oneof(
    fc.stringMatching(/^[\x21-\x7e]{0,60}$/),
    fc.stringMatching(/^[\x21-\xff]{1,40}$/),
    fc.stringMatching(/^[0-9a-f]{55}$/),
    fc.constantFrom('trailers', 'application/grpc', '200m', 'a'.repeat(5000)),
  )
  // Few names, so that entries are found again.
  const names = fc.oneof(fc.constantFrom('te', 'content-type', 'grpc-timeout', 'x-a', 'x-b'), name)
  const headers = fc.dictionary(names, value, { maxKeys: 12 })
  for (const sent of fc.sample(headers, RUNS)) {
    const { te: _, ...rest } = sent
    const before = blocks.length
    const told = new Promise<void>((resolve) => {
      onBlock = resolve
    })
    const stream = client.request({ ':path': '/x', ...rest } as OutgoingHttpHeaders, { endStream: true })
    stream.resume()
    await told
    const { ':path': path, ':method': method, ...others } = Object.fromEntries(blocks[before] ?? [])
    expect([path, method]).toEqual(['/x', 'GET'])
    delete others[':scheme']
    delete others[':authority']
    expect(others).toEqual(rest)
  }
  client.destroy()
}, 60_000)
