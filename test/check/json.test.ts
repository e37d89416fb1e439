import { describe, expect, test } from '@jest/globals'
import { decodeRequest } from '../../src/check/decode.ts'
import { requestFromJson, responseToJson } from '../../src/check/json.ts'
import { toCheck } from '../../src/check/request.ts'
import { encodeRequest, type WireCheckRequest } from '../../src/check/wire.ts'
import { ARRIVAL } from '../support/edge-samples.ts'

const CAMEL = {
  attributes: {
    source: {
      address: { socketAddress: { address: '10.0.0.9', portValue: 4711 } },
      principal: 'spiffe://mesh/client',
      certificate: 'PEM',
    },
    destination: { address: { socketAddress: { address: '10.0.0.1', portValue: 443 } } },
    request: {
      time: '2026-11-22T09:00:00.250Z',
      http: {
        id: '17',
        method: 'GET',
        path: '/v1/orders',
        host: 'api.example.com',
        scheme: 'https',
        protocol: 'HTTP/2',
        headers: { 'x-device-id': 'd1' },
      },
    },
    contextExtensions: { tenant: 'acme' },
    metadataContext: {
      filterMetadata: { mesh: { level: 3, names: ['a', null], on: true, deep: { x: 'y' } } },
    },
    tlsSession: { sni: 'api.example.com' },
  },
}

/** proto-loader takes a map where the edge's own reader gives a list. */
function bytesOf(wire: WireCheckRequest): Buffer {
  const { request, ...attributes } = wire.attributes ?? {}
  const headers = Object.fromEntries((request?.http?.headers ?? []).map(({ key, value }) => [key, value]))
  return encodeRequest({
    attributes: { ...attributes, request: { ...request, http: { ...request?.http, headers } } },
  })
}

describe('CheckRequest', () => {
  test('gives the check that its bytes would give', () => {
    const wire = requestFromJson(CAMEL)
    const check = toCheck(wire, ARRIVAL)
    expect(check).toEqual(toCheck(decodeRequest(bytesOf(wire)), ARRIVAL))
    expect(check).toMatchObject({
      source: { ip: '10.0.0.9', port: 4711, principal: 'spiffe://mesh/client' },
      destination: { ip: '10.0.0.1', port: 443 },
      method: 'GET',
      path: '/v1/orders',
      sni: 'api.example.com',
      metadata: { mesh: { level: 3, names: ['a', null], on: true, deep: { x: 'y' } } },
    })
    expect(check.headers.get('x-device-id')).toEqual(['d1'])
    expect(check.extensions.get('tenant')).toBe('acme')
  })

  test('names may be spelt as in the proto, and numbers as text', () => {
    const snake = JSON.parse(
      JSON.stringify(CAMEL)
        .replaceAll('socketAddress', 'socket_address')
        .replaceAll('"portValue":4711', '"port_value":"4711"')
        .replaceAll('portValue', 'port_value')
        .replaceAll('contextExtensions', 'context_extensions')
        .replaceAll('metadataContext', 'metadata_context')
        .replaceAll('filterMetadata', 'filter_metadata')
        .replaceAll('tlsSession', 'tls_session'),
    )
    expect(toCheck(requestFromJson(snake), ARRIVAL)).toEqual(toCheck(requestFromJson(CAMEL), ARRIVAL))
  })

  test('headers may come as a list of raw values', () => {
    const headers = [
      { key: 'x-one', value: 'a' },
      { key: 'x-one', rawValue: Buffer.from('b').toString('base64') },
    ]
    const wire = requestFromJson({ attributes: { request: { http: { headerMap: { headers } } } } })
    expect(toCheck(wire, ARRIVAL).headers.get('x-one')).toEqual(['a', 'b'])
  })

  test.each<[unknown, string]>([
    [null, 'the request must be an object'],
    [{}, 'attributes must be an object'],
    [{ attributes: [] }, 'attributes must be an object'],
    [{ attributes: { request: { time: 5 } } }, 'request.time must be an RFC 3339 time'],
    [{ attributes: { request: { http: { method: 5 } } } }, 'http.method must be a string'],
    [{ attributes: { request: { http: { headers: { a: 1 } } } } }, 'http.headers.a must be a string'],
    [
      { attributes: { request: { http: { headerMap: { headers: {} } } } } },
      'headerMap.headers must be a list',
    ],
    ...['http', 1.5, -1, '4x', 2 ** 32].map((portValue): [unknown, string] => [
      { attributes: { source: { address: { socketAddress: { portValue } } } } },
      'portValue must be a whole number',
    ]),
  ])('%j: %s', (json, message) => {
    expect(() => requestFromJson(json)).toThrow(new TypeError(message))
  })
})

test('CheckResponse is told as protobuf JSON tells it', () => {
  const metadata = {
    fields: { decision: { stringValue: 'id' }, reasons: { listValue: { values: [{ stringValue: 'r' }] } } },
  }
  const dynamicMetadata = { decision: 'id', reasons: ['r'] }
  const header = { key: 'x-vigil-risk', value: 'low' }
  expect(
    responseToJson({
      status: { code: 0 },
      ok_response: {
        headers: [{ header, append: { value: false }, append_action: 2 }],
        headers_to_remove: ['x-vigil-hop'],
        response_headers_to_add: [],
      },
      dynamic_metadata: metadata,
    }),
  ).toEqual({
    status: { code: 0 },
    okResponse: {
      headers: [{ header, append: false, appendAction: 'OVERWRITE_IF_EXISTS_OR_ADD' }],
      headersToRemove: ['x-vigil-hop'],
      responseHeadersToAdd: [],
    },
    dynamicMetadata,
  })
  expect(
    responseToJson({
      status: { code: 7 },
      denied_response: { status: { code: 403 }, headers: [{ header }], body: '{}' },
      dynamic_metadata: metadata,
    }),
  ).toEqual({
    status: { code: 7 },
    deniedResponse: { status: { code: 403 }, headers: [{ header }], body: '{}' },
    dynamicMetadata,
  })
})
