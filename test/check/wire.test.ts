import { describe, expect, test } from '@jest/globals'
import { decodeRequest } from '../../src/check/decode.ts'
import { encodeResponse } from '../../src/check/encode.ts'
import { CHECK_PATH as SERVED_PATH } from '../../src/check/transport.ts'
import { CHECK_PATH, decodeResponse, encodeRequest, type WireCheckResponse } from '../../src/check/wire.ts'

/** Bytes computed by hand from the field numbers of Envoy's own protos. */
const text = (value: string) => Buffer.from(value).toString('hex')
const field = (number: number, hex: string) =>
  ((number << 3) | 2).toString(16).padStart(2, '0') + (hex.length / 2).toString(16).padStart(2, '0') + hex
const header = (key: string, value: string) => field(1, field(1, text(key)) + field(2, text(value)))
const hex = (response: WireCheckResponse) => encodeResponse(response).toString('hex')

test('the method is the one that Envoy calls', () => {
  expect(CHECK_PATH).toBe('/envoy.service.auth.v3.Authorization/Check')
  expect(SERVED_PATH).toBe(CHECK_PATH)
})

describe('CheckResponse byte for byte', () => {
  test('a denial: status 1, denied_response 2, dynamic_metadata 4', () => {
    const response: WireCheckResponse = {
      status: { code: 16, message: 'deny' },
      denied_response: {
        status: { code: 401 },
        headers: [{ header: { key: 'a', value: 'b' } }],
        body: 'x',
      },
      dynamic_metadata: { fields: { k: { stringValue: 'v' } } },
    }
    const status = field(1, `0810${field(2, text('deny'))}`)
    // HttpStatus 401 = varint 91 03.
    const denied = field(2, `${field(1, '089103')}${field(2, header('a', 'b'))}${field(3, text('x'))}`)
    const metadata = field(4, field(1, field(1, text('k')) + field(2, field(3, text('v')))))
    expect(hex(response)).toBe(status + denied + metadata)
  })

  test('a pass: ok_response 3 with headers 2, headers_to_remove 5, response_headers_to_add 6', () => {
    const response: WireCheckResponse = {
      status: { code: 0 },
      ok_response: {
        headers: [{ header: { key: 'a', value: 'b' }, append: { value: false }, append_action: 2 }],
        headers_to_remove: ['c'],
        response_headers_to_add: [{ header: { key: 'd', value: 'e' } }],
      },
      dynamic_metadata: { fields: {} },
    }
    // append = 2 is a BoolValue whose false is written, append_action = 3.
    const set = field(2, `${header('a', 'b') + field(2, '0800')}1802`)
    const ok = field(3, set + field(5, text('c')) + field(6, header('d', 'e')))
    expect(hex(response)).toBe(field(1, '0800') + ok + field(4, ''))
  })

  test('unset fields stay absent: a missing status looks missing', () => {
    expect(decodeResponse(Buffer.alloc(0))).toEqual({})
    expect(decodeResponse(Buffer.from('0a00', 'hex'))).toEqual({ status: {} })
  })
})

describe('CheckRequest', () => {
  test('what Envoy sends is read by its field numbers', () => {
    const peer = field(1, field(1, `${field(2, text('10.0.0.9'))}18e724`)) + field(4, text('spiffe://a/b'))
    const http =
      field(1, text('17')) +
      field(2, text('GET')) +
      field(3, field(1, text('k')) + field(2, text('v'))) +
      field(4, text('/x')) +
      field(5, text('h')) +
      field(6, text('https')) +
      field(10, text('HTTP/2')) +
      field(13, field(1, field(1, text('r')) + field(3, 'ff')))
    const request = field(4, `${field(1, '0864100a')}${field(2, http)}`)
    const extensions = field(10, field(1, text('e')) + field(2, text('f')))
    const bytes = field(1, field(1, peer) + request + extensions + field(12, field(1, text('sni'))))
    expect(decodeRequest(Buffer.from(longer(bytes), 'hex'))).toEqual({
      attributes: {
        source: {
          address: { socket_address: { address: '10.0.0.9', port_value: 4711 } },
          principal: 'spiffe://a/b',
        },
        request: {
          time: { seconds: 100, nanos: 10 },
          http: {
            id: '17',
            method: 'GET',
            // A value waits to be decoded.
            headers: [{ key: 'k', value: { asymmetricMatch: (value: unknown) => String(value) === 'v' } }],
            path: '/x',
            host: 'h',
            scheme: 'https',
            protocol: 'HTTP/2',
            header_map: { headers: [{ key: 'r', raw_value: Buffer.from([0xff]) }] },
          },
        },
        context_extensions: { e: 'f' },
        tls_session: { sni: 'sni' },
      },
    })
  })

  test('members that this service does not know are skipped, not refused', () => {
    expect(decodeRequest(Buffer.from(`${field(1, '')}f20701aa`, 'hex'))).toEqual({ attributes: {} })
  })

  test('bytes that are no message throw', () => {
    expect(() => decodeRequest(Buffer.from('0aff', 'hex'))).toThrow()
  })

  test('what is encoded is decoded again', () => {
    const request = { attributes: { request: { http: { method: 'GET' } } } }
    expect(decodeRequest(encodeRequest(request))).toEqual(request)
  })
})

/** The outermost length may need two bytes. */
function longer(bytes: string): string {
  const content = bytes.slice(bytes.indexOf('0a') + 4)
  const size = content.length / 2
  return size < 128
    ? bytes
    : `0a${((size & 0x7f) | 0x80).toString(16)}${(size >> 7).toString(16).padStart(2, '0')}${content}`
}
