import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { readToolCall } from '../../src/context/tool-call.ts'
import { checkOf } from '../support/check-of.ts'

type Headers = Readonly<Record<string, string | readonly string[]>>
const VERSION = { 'mcp-protocol-version': '2026-07-28' }
const CALL = { ...VERSION, 'mcp-method': 'tools/call' }
const read = (headers: Headers) =>
  readToolCall(
    checkOf({
      method: 'POST',
      headers: new Map(Object.entries(headers).map(([name, value]) => [name, [value].flat()])),
    }),
    new Set(['2026-07-28']),
  )
const base64 = (text: string | Uint8Array) => `=?base64?${Buffer.from(text).toString('base64')}?=`

describe('MCP-07 the tool that a request calls', () => {
  test.each([
    ['a plain name', 'read_file', 'read_file'],
    ['the base64 form', base64('read_file'), 'read_file'],
    ['a name that only base64 can hold', base64('bücher, lesen'), 'bücher, lesen'],
    ['what looks like base64 and is a name', 'cmVhZA==', 'cmVhZA=='],
  ])('%s', (_what, name, tool) => {
    expect(read({ ...CALL, 'mcp-name': name })).toEqual({ kind: 'tool', name: tool })
  })

  test.each([
    'tools/list',
    'resources/read',
    'server/discover',
    'ping',
    'notifications/roots/list_changed',
  ])('%s is no call of a tool', (method) =>
    expect(read({ ...VERSION, 'mcp-method': method })).toEqual({ kind: 'other' }))
})

describe('MCP-07 nothing is concluded from headers that nobody holds against the body', () => {
  test.each<[string, Headers]>([
    ['no version', { 'mcp-method': 'tools/call', 'mcp-name': 'a' }],
    ['an older version', { ...CALL, 'mcp-protocol-version': '2025-11-25', 'mcp-name': 'a' }],
    ['a version that is not listed', { ...CALL, 'mcp-protocol-version': '2027-01-01', 'mcp-name': 'a' }],
    ['two versions', { ...CALL, 'mcp-protocol-version': ['2026-07-28', '2025-11-25'], 'mcp-name': 'a' }],
    ['two versions, joined', { ...CALL, 'mcp-protocol-version': '2026-07-28,2025-11-25', 'mcp-name': 'a' }],
    ['no method', VERSION],
    ['two methods', { ...VERSION, 'mcp-method': ['tools/list', 'tools/call'], 'mcp-name': 'a' }],
    ['two methods, joined', { ...VERSION, 'mcp-method': 'tools/list,tools/call', 'mcp-name': 'a' }],
    ['a method in other letters', { ...VERSION, 'mcp-method': 'tools/Call', 'mcp-name': 'a' }],
    ['no name', CALL],
    ['an empty name', { ...CALL, 'mcp-name': '' }],
    ['two names', { ...CALL, 'mcp-name': ['a', 'b'] }],
    ['two names, joined', { ...CALL, 'mcp-name': 'a,b' }],
    ['a blank in it', { ...CALL, 'mcp-name': 'a b' }],
    ['bytes that are no ASCII', { ...CALL, 'mcp-name': 'b\u00fc' }],
    ['a name that is too long', { ...CALL, 'mcp-name': 'x'.repeat(257) }],
    ['a sentinel without an end', { ...CALL, 'mcp-name': '=?base64?YQ==' }],
    ['another encoding', { ...CALL, 'mcp-name': '=?hex?61?=' }],
    ['the sentinel in other letters', { ...CALL, 'mcp-name': '=?BASE64?YQ==?=' }],
    ['base64 without its padding', { ...CALL, 'mcp-name': '=?base64?YQ?=' }],
    ['base64 with unused bits', { ...CALL, 'mcp-name': '=?base64?YR==?=' }],
    ['nothing in it', { ...CALL, 'mcp-name': '=?base64??=' }],
    ['too much in it', { ...CALL, 'mcp-name': base64('x'.repeat(1000)) }],
    ['no UTF-8', { ...CALL, 'mcp-name': base64(new Uint8Array([0xff, 0xfe])) }],
    ['a control character', { ...CALL, 'mcp-name': base64('a\n') }],
  ])('%s', (_what, headers) => expect(read(headers)).toEqual({ kind: 'unknown' }))

  test('whatever stands there, nothing is thrown', () => {
    const value = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.base64String().map((text) => `=?base64?${text}?=`),
    )
    fc.assert(
      fc.property(value, (name) => {
        expect(['tool', 'unknown']).toContain(read({ ...CALL, 'mcp-name': name }).kind)
      }),
    )
  })
})
