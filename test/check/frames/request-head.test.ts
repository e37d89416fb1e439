import { describe, expect, test } from '@jest/globals'
import { HeadReader } from '../../../src/check/frames/request-head.ts'

type Fields = readonly (readonly [string, string])[]

function integer(prefix: number, most: number, value: number): number[] {
  if (value < most) return [prefix | value]
  const bytes = [prefix | most]
  let rest = value - most
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 128)
  return [...bytes, rest]
}
const text = (value: string) => [...integer(0, 127, value.length), ...Buffer.from(value, 'latin1')]
/** Literals: with or without indexing. */
const block = (fields: Fields, first = 0) =>
  Buffer.from(fields.flatMap(([name, value]) => [first, ...text(name), ...text(value)]))
const read = (fields: Fields) => {
  const bytes = block(fields)
  return new HeadReader().read(bytes, 0, bytes.length)
}

const METHOD = [':method', 'POST'] as const
const SCHEME = [':scheme', 'http'] as const
const PATH = [':path', '/a.B/C'] as const
const GOOD: Fields = [METHOD, SCHEME, [':authority', 'x'], PATH, ['te', 'trailers'], ['content-type', 'a/b']]

describe('the head of a call (RFC 9113 section 8)', () => {
  test('what a call needs of it', () => {
    expect(read([...GOOD, ['grpc-encoding', 'gzip'], ['content-length', '12'], ['x-other', 'y']])).toEqual({
      method: 'POST',
      path: '/a.B/C',
      contentType: 'a/b',
      encoding: 'gzip',
      contentLength: 12,
      isMalformed: false,
      hasPseudo: true,
      isTooLarge: false,
    })
  })

  test.each<[string, Fields, boolean]>([
    ['the same content-length twice', [...GOOD, ['content-length', '3'], ['content-length', '3']], false],
    [
      'CONNECT',
      [
        [':method', 'CONNECT'],
        [':authority', 'x'],
      ],
      false,
    ],
    ['bytes above ASCII in a value', [...GOOD, ['x', '\xff']], false],
    ['nothing pseudo, as in trailers', [['x', 'y']], false],
    ['two content-lengths', [...GOOD, ['content-length', '3'], ['content-length', '4']], true],
    ['a content-length that is no number', [...GOOD, ['content-length', '-1']], true],
    ['no method', [SCHEME, PATH], true],
    ['no scheme', [METHOD, PATH], true],
    ['no path', [METHOD, SCHEME], true],
    ['an empty path', [METHOD, SCHEME, [':path', '']], true],
    ['an empty scheme', [METHOD, [':scheme', ''], PATH], true],
    ['an empty method', [[':method', ''], SCHEME, PATH], true],
    ['CONNECT with a path', [[':method', 'CONNECT'], [':authority', 'x'], PATH], true],
    ['a method twice', [METHOD, METHOD, SCHEME, PATH], true],
    ['a pseudo-header that is unknown', [...GOOD.slice(0, 4), [':x', 'y']], true],
    ['one of answers', [...GOOD.slice(0, 4), [':status', '200']], true],
    ['one behind another header', [METHOD, SCHEME, ['x', 'y'], PATH], true],
    ['upper case', [...GOOD, ['X-a', 'y']], true],
    ['a name with a space', [...GOOD, ['x a', 'y']], true],
    ['a name with a colon', [...GOOD, ['x:a', 'y']], true],
    ['a name of nothing', [...GOOD, ['', 'y']], true],
    ['NUL in a value', [...GOOD, ['x', 'a\0b']], true],
    ['a line feed in a value', [...GOOD, ['x', 'a\nb']], true],
    ['a carriage return in a value', [...GOOD, ['x', 'a\rb']], true],
    ['a space before a value', [...GOOD, ['x', ' a']], true],
    ['a tab behind a value', [...GOOD, ['x', 'a\t']], true],
    ['connection', [...GOOD, ['connection', 'close']], true],
    ['transfer-encoding', [...GOOD, ['transfer-encoding', 'chunked']], true],
    ['keep-alive', [...GOOD, ['keep-alive', 'x']], true],
    ['upgrade', [...GOOD, ['upgrade', 'x']], true],
    ['proxy-connection', [...GOOD, ['proxy-connection', 'x']], true],
    ['te of something else', [...GOOD, ['te', 'gzip']], true],
  ])('%s', (_, fields, isMalformed) => {
    expect(read(fields).isMalformed).toBe(isMalformed)
  })

  test('its size counts 32 for each field, known ones included', () => {
    const large = (count: number) => read(Array.from({ length: count }, () => ['x', 'y'.repeat(31)] as const))
    expect(large(512).isTooLarge).toBe(false)
    expect(large(513).isTooLarge).toBe(true)
    // A bomb: 4 KiB in the table, named again and again by one byte each.
    const heads = new HeadReader()
    const entry = block([['x', 'y'.repeat(4000)]], 0x40)
    heads.read(entry, 0, entry.length)
    const bomb = Buffer.alloc(16_000, 0xbe)
    expect(heads.read(bomb, 0, bomb.length).isTooLarge).toBe(true)
  })

  test('the same block again means what the table says now', () => {
    const heads = new HeadReader()
    const add = (value: string) => {
      const bytes = block([['content-type', value]], 0x40)
      heads.read(bytes, 0, bytes.length)
    }
    const again = () => heads.read(Buffer.from([0xbe]), 0, 1)
    add('first')
    expect(again().contentType).toBe('first')
    expect(again()).toBe(again())
    add('second')
    expect(again().contentType).toBe('second')
    // Another block of the same length.
    expect(heads.read(Buffer.from([0xbf]), 0, 1).contentType).toBe('first')
    expect(again().contentType).toBe('second')
    // The table is emptied.
    heads.read(Buffer.from([0x20]), 0, 1)
    expect(again).toThrow(expect.objectContaining({ code: 9 }))
  })

  test('an invalid value in the table is invalid wherever it is named; its name is not', () => {
    const heads = new HeadReader()
    const bytes = block([...GOOD, ['x', 'a\nb']], 0x40)
    expect(heads.read(bytes, 0, bytes.length).isMalformed).toBe(true)
    const trailer = (hex: string) => heads.read(Buffer.from(hex, 'hex'), 0, hex.length / 2).isMalformed
    expect(trailer('be')).toBe(true)
    expect(trailer('0f2f0163')).toBe(false)
  })
})
