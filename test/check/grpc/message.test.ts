import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { framed, MessageReader } from '../../../src/check/grpc/message.ts'
import { prefixed } from '../raw-call.ts'

const MAX = 200_000

/** What a reader makes of these chunks: the message, or the code of its refusal. */
function read(chunks: readonly Buffer[], maxBytes = MAX): string | number {
  const reader = new MessageReader(maxBytes)
  for (const chunk of chunks) {
    const fault = reader.push(chunk)
    if (fault !== undefined) return fault.code
  }
  const result = reader.finish()
  return 'code' in result ? result.code : `${Number(result.isCompressed)} ${result.bytes.toString('latin1')}`
}

/** Cuts bytes at these places. */
function cut(bytes: Buffer, places: readonly number[]): Buffer[] {
  const ends = [...places.map((place) => place % (bytes.length + 1)), bytes.length].sort((a, b) => a - b)
  return ends.map((end, i) => bytes.subarray(ends[i - 1] ?? 0, end))
}

describe('one message', () => {
  test('comes out as it went in, wherever it is cut', () => {
    const message = fc.uint8Array({ maxLength: 300 })
    const places = fc.array(fc.nat(400), { maxLength: 20 })
    fc.assert(
      fc.property(message, places, fc.boolean(), (bytes, at, isCompressed) => {
        const flag = Number(isCompressed)
        const chunks = cut(prefixed(Buffer.from(bytes), flag), at)
        expect(read(chunks)).toBe(`${flag} ${Buffer.from(bytes).toString('latin1')}`)
      }),
    )
  })

  test('in many frames, larger than the first room', () => {
    const bytes = Buffer.alloc(180_000, 'abcdefg')
    const chunks = cut(
      prefixed(bytes),
      Array.from({ length: 40 }, (_, i) => i * 4321),
    )
    expect(read(chunks)).toBe(`0 ${bytes}`)
  })

  test('what was given is not written into: a chunk may belong to somebody else', () => {
    const whole = prefixed(Buffer.from('abcdef'))
    const shared = Buffer.concat([whole.subarray(0, 7), Buffer.from('not mine')])
    expect(read([shared.subarray(0, 7), whole.subarray(7)])).toBe('0 abcdef')
    expect(shared.subarray(7).toString()).toBe('not mine')
  })
})

describe('no message', () => {
  const whole = prefixed(Buffer.from('abc'))

  test.each([
    ['nothing at all', [], 12],
    ['empty frames', [Buffer.alloc(0), Buffer.alloc(0)], 12],
    ['half a prefix', [whole.subarray(0, 4)], 13],
    ['less than was announced', [whole.subarray(0, 7)], 13],
    ['a byte more', [whole, Buffer.from([0])], 12],
    ['two in one frame', [Buffer.concat([whole, whole])], 12],
    ['an unknown flag', [prefixed(Buffer.from('abc'), 0x80)], 13],
  ])('%s', (_, chunks, code) => {
    expect(read(chunks)).toBe(code)
  })

  test('one byte above the limit is refused by its prefix, one at the limit is not', () => {
    const reader = new MessageReader(10)
    expect(reader.push(prefixed(Buffer.alloc(0), 0, 11))?.code).toBe(8)
    expect(read([prefixed(Buffer.alloc(10, 'x'))], 10)).toBe('0 xxxxxxxxxx')
  })

  test('an announced length is not taken as an order to get memory', () => {
    const before = process.memoryUsage().arrayBuffers
    const readers = Array.from({ length: 100 }, () => new MessageReader(2 ** 32))
    for (const reader of readers) {
      reader.push(prefixed(Buffer.alloc(0), 0, 2 ** 31))
      reader.push(Buffer.from('a'))
    }
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(100 * 1024 * 1024)
  })
})

test('what is framed can be read', () => {
  expect(read([framed(Buffer.from('answer'))])).toBe('0 answer')
  expect(framed(Buffer.alloc(0)).toString('hex')).toBe('0000000000')
})
