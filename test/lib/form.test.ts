import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { formOf } from '../../src/lib/form.ts'
import type { Check } from '../../src/model.ts'
import { checkOf } from '../support/check-of.ts'

const ask = (headers: Record<string, string | readonly string[]>, change: Partial<Check> = {}) =>
  formOf(
    checkOf({
      headers: new Map(Object.entries(headers).map(([name, value]) => [name, [value].flat()])),
      ...change,
    }),
  )

const CHROME = 'text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8'

describe('what the caller accepts (RFC 9110 section 12.5.1)', () => {
  test.each([
    ['nothing said', {}, 'problem'],
    ['curl', { accept: '*/*' }, 'problem'],
    ['axios', { accept: 'application/json, text/plain, */*' }, 'problem'],
    ['JSON', { accept: 'application/json' }, 'problem'],
    ['problem+json', { accept: 'text/html;q=0.5, application/problem+json' }, 'problem'],
    ['a browser without Fetch Metadata', { accept: CHROME }, 'html'],
    [
      'a page that is less welcome than JSON',
      { accept: 'text/html;q=0.4, application/json;q=0.5' },
      'problem',
    ],
    ['plain text', { accept: 'text/plain' }, 'text'],
    ['any text', { accept: 'text/*' }, 'text'],
    ['only a picture', { accept: 'image/png' }, 'problem'],
    ['nothing of ours, said outright', { accept: 'text/html;q=0, application/json;q=0' }, 'problem'],
    ['two lines', { accept: ['image/png', 'text/html'] }, 'html'],
    ['an empty line', { accept: '' }, 'problem'],
    ['a line that is too long to be read', { accept: `text/html, ${'x'.repeat(1024)}` }, 'problem'],
  ])('%s', (_what, headers, form) => expect(ask(headers)).toBe(form))

  test('whatever stands there, there is a form', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 1500 }), (accept) => {
        expect(['problem', 'html', 'text']).toContain(ask({ accept }))
      }),
    )
  })
})

describe('a navigation (Fetch Metadata)', () => {
  const headers = { 'sec-fetch-mode': 'navigate', accept: CHROME }
  test('a GET that a browser is about to show', () => expect(ask(headers)).toBe('navigation'))
  test.each(['POST', 'HEAD'])('%s is none: it could not come back', (method) =>
    expect(ask(headers, { method })).toBe('html'))
  test.each(['cors', 'no-cors', 'same-origin', 'websocket', 'Navigate'])('mode %s is none', (mode) =>
    expect(ask({ 'sec-fetch-mode': mode })).toBe('problem'))
  test.each(['websocket', 'WebSocket', ['h2c', 'websocket']])('nor is an upgrade to %s', (upgrade) =>
    expect(ask({ 'sec-fetch-mode': 'navigate', upgrade })).toBe('problem'))
})

test('a call over gRPC and its kin comes before what it accepts', () => {
  expect(ask({ accept: CHROME }, { isGrpc: true })).toBe('grpc')
  expect(ask({ accept: CHROME, 'content-type': 'application/grpc-web' })).toBe('grpc-web')
  // Behind the grpc_web filter of Envoy.
  expect(ask({ 'content-type': 'application/grpc', 'x-grpc-web': '1' }, { isGrpc: true })).toBe('grpc-web')
  expect(ask({ accept: CHROME, 'content-type': 'application/json', 'connect-protocol-version': '1' })).toBe(
    'connect',
  )
})

describe('a client of MCP wants JSON-RPC', () => {
  test.each([
    ['its method', { 'mcp-method': 'tools/call' }],
    ['an older version, which names no method', { 'mcp-protocol-version': '2025-11-25' }],
  ])('%s', (_what, headers) => {
    expect(ask({ accept: 'text/event-stream, application/json', ...headers }, { method: 'POST' })).toBe(
      'json-rpc',
    )
    expect(ask(headers)).toBe('problem')
  })
})

test('what a record told comes before everything', () => {
  expect(ask({ accept: CHROME }, { form: 'text' })).toBe('text')
})
