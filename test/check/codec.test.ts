import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { decodeRequest } from '../../src/check/decode.ts'
import { encodeResponse } from '../../src/check/encode.ts'
import { encodeRequest, type WireCheckResponse } from '../../src/check/wire.ts'
import { ProtoWriter } from '../../src/lib/protobuf/writer.ts'
import { Undecoded } from '../../src/lib/undecoded.ts'
import * as loader from '../harness/loader.ts'

/** The codec by hand against proto-loader: another decoder must never see another request. */

const text = fc.string({ unit: 'grapheme', maxLength: 300 })
/** proto-loader's maps are plain objects, which lose such a key. */
const key = text.filter((name) => name !== '__proto__')
const dictionary = <T>(value: fc.Arbitrary<T>) =>
  fc.dictionary(key, value, { maxKeys: 5, noNullPrototype: true })
const some = <T extends object>(members: { [K in keyof T]: fc.Arbitrary<T[K]> }) =>
  fc.record(members, { requiredKeys: [] })

const value = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    fc.record({ stringValue: text }),
    fc.record({ numberValue: fc.double({ noNaN: true }) }),
    fc.record({ boolValue: fc.boolean() }),
    fc.record({ listValue: fc.record({ values: fc.array(tie('value'), { maxLength: 3 }) }) }),
    fc.record({ structValue: fc.record({ fields: dictionary(tie('value')) }) }),
  ),
})).value

const peer = some({
  address: some({ socket_address: some({ address: text, port_value: fc.nat(65_535) }) }),
  service: text,
  labels: dictionary(text),
  principal: text,
  certificate: text,
})
const raw = fc.uint8Array({ maxLength: 50 }).map((bytes) => Buffer.from(bytes))
const header = some({ key: text, value: text, raw_value: raw })
const http = some({
  id: text,
  method: text,
  headers: dictionary(text),
  path: text,
  host: text,
  scheme: text,
  query: text,
  size: fc.nat(),
  protocol: text,
  raw_body: raw,
  header_map: fc.record({ headers: fc.array(header, { maxLength: 4 }) }),
})
const request = some({
  attributes: some({
    source: peer,
    destination: peer,
    request: some({ time: some({ seconds: fc.nat(2 ** 40), nanos: fc.nat(999_999_999) }), http }),
    context_extensions: dictionary(text),
    metadata_context: fc.record({ filter_metadata: dictionary(fc.record({ fields: dictionary(value) })) }),
    tls_session: some({ sni: text }),
  }),
})

const UNREAD = new Set(['service', 'labels', 'query', 'size', 'raw_body', 'protocol_number'])

/** What proto-loader gives, in the shape of the decoder by hand, whose values of headers are decoded here. */
function normalised(node: unknown, name = ''): unknown {
  if (Array.isArray(node)) return node.map((each) => normalised(each))
  if (node instanceof Undecoded) return node.toString()
  if (Buffer.isBuffer(node) || typeof node !== 'object' || node === null) return node
  if (name === 'headers') return Object.entries(node).map(([key, value]) => ({ key, value }))
  const isMap = name === 'fields' || name === 'context_extensions' || name === 'filter_metadata'
  return Object.fromEntries(
    Object.entries(node)
      .filter(([key]) => isMap || !UNREAD.has(key))
      .map(([key, each]) => [key, normalised(each, isMap ? '' : key)]),
  )
}

describe('CheckRequest', () => {
  test('any request is read as proto-loader reads it', () => {
    let withHeaders = 0
    const property = fc.property(request, (made) => {
      const bytes = encodeRequest(made)
      if (Object.keys(made.attributes?.request?.http?.headers ?? {}).length > 0) withHeaders++
      expect(normalised(decodeRequest(bytes))).toEqual(normalised(loader.decodeRequest(bytes)))
    })
    fc.assert(property, { numRuns: 500 })
    expect(withHeaders).toBeGreaterThan(20)
  })

  test('any truncation of a request is refused or ends between two fields, and random bytes never hang', () => {
    const property = fc.property(request, fc.double({ min: 0, max: 1, noNaN: true }), (made, share) => {
      const bytes = encodeRequest(made)
      const cut = bytes.subarray(0, Math.floor(bytes.length * share))
      let isRefused = false
      try {
        decodeRequest(cut)
      } catch (error) {
        isRefused = error instanceof RangeError
      }
      expect(isRefused || cut.length === 0 || cut.length === bytes.length).toBe(true)
    })
    fc.assert(property)
    const random = fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      try {
        expect(decodeRequest(Buffer.from(bytes))).toBeDefined()
      } catch (error) {
        expect(error).toBeInstanceOf(RangeError)
      }
    })
    fc.assert(random, { numRuns: 2000 })
  })

  test.each([
    ['a group', '0b'],
    ['field number 0', '0200'],
    ['attributes as a number', '0801'],
    ['a length beyond the message', '0a05'],
    ['a length beyond the inner message', '0a020a05aabbccddee'],
    ['a varint without an end', '0affffffffffffffffffffffff'],
    ['nesting without an end', nested(121).toString('hex')],
  ])('%s throws', (_what, hex) => {
    expect(() => decodeRequest(Buffer.from(hex, 'hex'))).toThrow(RangeError)
  })

  test('nesting that a real Envoy may send is read', () => {
    expect(decodeRequest(nested(61))).toHaveProperty('attributes.metadata_context.filter_metadata')
  })
})

/** Metadata whose value is a list in a list in a list …; proto-loader itself gives up on so deep ones. */
function nested(depth: number): Buffer {
  const writer = new ProtoWriter()
  writer.begin()
  // Value.list_value = 6, ListValue.values = 1; then entry, fields, entry, filter_metadata, metadata_context, attributes.
  for (let i = 0; i < depth; i++) writer.wrap(i % 2 === 0 ? 6 : 1, 0)
  for (const field of [2, 1, 2, 1, 11, 1]) writer.wrap(field, 0)
  return writer.finish()
}

describe('CheckResponse', () => {
  const answerValue = fc.oneof(
    fc.record({ stringValue: text }),
    fc.record({ numberValue: fc.double({ noNaN: true }) }),
    fc.record({
      listValue: fc.record({ values: fc.array(fc.record({ stringValue: text }), { maxLength: 4 }) }),
    }),
  )
  const plain = fc.record({ header: fc.record({ key: text, value: text }) })
  const overwriting = fc.record({
    header: fc.record({ key: text, value: text }),
    append: fc.record({ value: fc.boolean() }),
    append_action: fc.nat(3),
  })
  const response = fc.record(
    {
      status: fc.record({ code: fc.nat(16), message: text }, { requiredKeys: ['code'] }),
      denied_response: fc.record({
        status: fc.record({ code: fc.integer({ min: 200, max: 599 }) }),
        headers: fc.array(plain, { maxLength: 5 }),
        body: fc.oneof(text, fc.string({ minLength: 20_000, maxLength: 30_000 })),
      }),
      dynamic_metadata: fc.record({ fields: dictionary(answerValue) }),
    },
    { requiredKeys: ['status', 'dynamic_metadata'] },
  )
  const pass = fc.record({
    status: fc.record({ code: fc.constant(0) }),
    ok_response: fc.record({
      headers: fc.array(overwriting, { maxLength: 12 }),
      headers_to_remove: fc.array(text, { maxLength: 60 }),
      response_headers_to_add: fc.array(fc.oneof(plain, overwriting), { maxLength: 3 }),
    }),
    dynamic_metadata: fc.record({ fields: dictionary(answerValue) }),
  })

  test('any response is written byte for byte as proto-loader writes it', () => {
    const property = fc.property(fc.oneof(response, pass), (made: WireCheckResponse) => {
      expect(encodeResponse(made).equals(loader.encodeResponse(made))).toBe(true)
    })
    fc.assert(property, { numRuns: 500 })
  })

  test('what was written before is not changed by what is written next', () => {
    const one = encodeResponse({ status: { code: 7, message: 'one' }, dynamic_metadata: {} })
    const copy = Buffer.from(one)
    encodeResponse({ status: { code: 7, message: 'other' }, dynamic_metadata: {} })
    expect(one.equals(copy)).toBe(true)
  })
})
