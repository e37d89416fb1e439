/** Whatever bytes come: nothing is thrown, nothing hangs, what is kept is bounded, and no check is decided that was not sent. */
import { EventEmitter } from 'node:events'
import type { Socket } from 'node:net'
import { setImmediate } from 'node:timers/promises'
import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { openFrames } from '../../../src/check/frames/transport.ts'
import { prefixed } from '../raw-call.ts'
import { frame, HELLO } from '../transport-harness.ts'
import { BLOCK, call, data, headers, setting, word } from './peer.ts'

/** As far as the transport needs one. */
class FakeSocket extends EventEmitter {
  writable = true
  writableLength = 0
  written = 0
  write(bytes: Buffer) {
    this.written += bytes.length
    return true
  }
  end() {
    this.writable = false
  }
  destroy() {
    this.writable = false
    this.emit('close')
  }
  cork = () => undefined
  uncork = () => undefined
  pause = () => undefined
  resume = () => undefined
}

const RUNS = Number(process.env['VIGIL_FUZZ_RUNS'] ?? 5000)
const ATTACKS = 20

/** A conversation with a bit of everything. */
const PARTS: readonly Buffer[] = [
  call(1),
  headers(3, 0, BLOCK.subarray(0, 9)),
  frame(9, 4, 3, BLOCK.subarray(9)),
  data(3, prefixed(Buffer.from('a check')).subarray(0, 7), 0),
  frame(6, 0, 0, Buffer.from('12345678')),
  setting(4, 10),
  data(3, prefixed(Buffer.from('a check')).subarray(7)),
  frame(2, 0, 5, Buffer.from([0, 0, 0, 3, 1])),
  headers(5, 4, Buffer.concat([Buffer.from([0x3f, 0xe1, 0x1f, 0x40, 1, 0x78, 0x82, 0x64, 0x02]), BLOCK])),
  word(8, 0, 1000),
  word(8, 5, 1000),
  word(3, 5, 8),
  headers(7, 12, Buffer.concat([Buffer.from([1]), BLOCK, Buffer.from([0])])),
  frame(0, 9, 7, Buffer.concat([Buffer.from([2]), prefixed(Buffer.from('a check')), Buffer.alloc(2)])),
  frame(7, 0, 0, Buffer.alloc(8)),
]
const WHOLE = Buffer.concat([HELLO, ...PARTS])

type Change = { readonly at: number; readonly byte: number; readonly kind: 'set' | 'cut' | 'repeat' }
const change: fc.Arbitrary<Change> = fc.record({
  at: fc.nat(WHOLE.length - 1),
  byte: fc.nat(255),
  kind: fc.constantFrom('set', 'set', 'set', 'cut', 'repeat'),
})

function changed(changes: readonly Change[]): Buffer {
  let bytes = Buffer.from(WHOLE)
  for (const { at, byte, kind } of changes) {
    if (kind === 'set') bytes[at % bytes.length] = byte
    else if (kind === 'cut') bytes = Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + byte)])
    else bytes = Buffer.concat([bytes, bytes.subarray(at, at + byte)])
  }
  return bytes
}

test('mutated conversations, cut anywhere', async () => {
  const decided: string[] = []
  const handle = async (bytes: Buffer) => {
    decided.push(bytes.toString('latin1'))
    return bytes
  }
  const transport = openFrames({ handler: { handle, inFlight: () => 0 }, maxMessageBytes: 1000 })
  const converse = (bytes: Buffer, cut: number): FakeSocket => {
    const socket = new FakeSocket()
    const connection = transport.serve(socket as unknown as Socket, {} as never)
    for (let at = 0; at < bytes.length; at += cut) socket.emit('data', bytes.subarray(at, at + cut))
    connection.drain()
    return socket
  }
  converse(WHOLE, 1000)
  expect(decided).toEqual(['a check', 'a check', 'a check'])
  const changes = fc.array(change, { minLength: 1, maxLength: ATTACKS })
  await fc.assert(
    fc.asyncProperty(changes, fc.integer({ min: 1, max: 200 }), async (list, cut) => {
      const bytes = changed(list)
      decided.length = 0
      const socket = converse(bytes, cut)
      await setImmediate()
      socket.destroy()
      // A message is what stood in the bytes, and an answer no flood.
      expect(decided.length).toBeLessThanOrEqual(bytes.length / 20)
      expect(socket.written).toBeLessThan(10 * bytes.length + 200)
    }),
    { numRuns: RUNS },
  )
}, 600_000)
