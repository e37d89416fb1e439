import { deflateSync, gzipSync } from 'node:zlib'
import { expect, test } from '@jest/globals'
import { decompress } from '../../../src/check/grpc/compression.ts'

const MESSAGE = Buffer.from('a message')

test.each([
  ['gzip', gzipSync(MESSAGE)],
  ['deflate', deflateSync(MESSAGE)],
])('%s comes out as it went in', async (encoding, bytes) => {
  expect(await decompress(bytes, encoding, MESSAGE.length)).toEqual(MESSAGE)
})

test('a small message that hides a large one', async () => {
  const bomb = gzipSync(Buffer.alloc(1_000_000))
  expect(bomb.length).toBeLessThan(2000)
  expect(await decompress(bomb, 'gzip', 999_999)).toMatchObject({ code: 8 })
  expect(await decompress(bomb, 'gzip', 1_000_000)).toHaveLength(1_000_000)
})

test.each([
  ['no encoding', undefined, MESSAGE, 13],
  ['identity', 'identity', MESSAGE, 13],
  ['an unknown one', 'br', MESSAGE, 12],
  ['a name of every object', 'constructor', MESSAGE, 12],
  ['two of them', ['gzip', 'gzip'], gzipSync(MESSAGE), 12],
  ['bytes of another one', 'gzip', deflateSync(MESSAGE), 13],
  ['one that is cut', 'gzip', gzipSync(MESSAGE).subarray(0, 12), 13],
  ['nothing', 'deflate', Buffer.alloc(0), 13],
])('%s is refused', async (_, encoding, bytes, code) => {
  expect(await decompress(bytes, encoding, 1000)).toMatchObject({ code })
})
