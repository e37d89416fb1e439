import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { FrameReader } from '../../../src/check/frames/frame-reader.ts'
import { frame, PREFACE } from '../transport-harness.ts'

function collect(): { reader: FrameReader; frames: Buffer[] } {
  const frames: Buffer[] = []
  const reader = new FrameReader({
    frame: (type, flags, stream, bytes, at, end) => {
      frames.push(frame(type, flags, stream, Buffer.from(bytes.subarray(at, end))))
    },
  })
  return { reader, frames }
}

describe('frames', () => {
  test('are the same however the network cuts them', () => {
    const one = fc
      .record({
        type: fc.nat(255),
        flags: fc.nat(255),
        stream: fc.nat(0x7fff_ffff),
        payload: fc.uint8Array(),
      })
      .map(({ type, flags, stream, payload }) => frame(type, flags, stream, Buffer.from(payload)))
    fc.assert(
      fc.property(fc.array(one), fc.array(fc.integer({ min: 1, max: 40 })), (frames, cuts) => {
        const bytes = Buffer.concat([PREFACE, ...frames])
        const { reader, frames: found } = collect()
        let at = 0
        for (const cut of cuts) {
          reader.push(bytes.subarray(at, at + cut))
          at += cut
        }
        reader.push(bytes.subarray(at))
        expect(found).toEqual(frames)
      }),
    )
  })

  test('of the largest size are taken, byte by byte as well; one byte more is an error of the connection', () => {
    const largest = frame(0, 0, 1, Buffer.alloc(16_384, 7))
    for (const size of [1, largest.length]) {
      const { reader, frames } = collect()
      reader.push(PREFACE)
      for (let at = 0; at < largest.length; at += size) reader.push(largest.subarray(at, at + size))
      expect(frames).toEqual([largest])
      // Already by its head.
      expect(() => reader.push(frame(0, 0, 1, Buffer.alloc(16_385)).subarray(0, 9))).toThrow(
        expect.objectContaining({ code: 6 }),
      )
    }
  })

  test('the reserved bit of a stream is not part of its number', () => {
    const { reader, frames } = collect()
    reader.push(Buffer.concat([PREFACE, Buffer.from('000000040080000001', 'hex')]))
    expect(frames).toEqual([frame(4, 0, 1)])
  })

  test('another preface is seen at its first wrong byte', () => {
    expect(() => collect().reader.push(Buffer.from('G'))).toThrow(expect.objectContaining({ code: 1 }))
    const { reader } = collect()
    reader.push(PREFACE.subarray(0, 23))
    expect(() => reader.push(Buffer.from('x'))).toThrow(expect.objectContaining({ code: 1 }))
  })
})
