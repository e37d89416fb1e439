import { Buffer } from 'node:buffer'
import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { errorInfo, retryInfo, rpcCode, statusDetails, unpadded } from '../../src/enforcement/rpc-error.ts'
import { encodeAs, readDetails } from '../harness/rpc-status.ts'

const text = fc.string({ unit: 'grapheme', maxLength: 300 })
const metadata = fc.dictionary(
  text.filter((key) => key !== '__proto__'),
  text,
  { maxKeys: 5 },
)
const error = fc.record({
  code: fc.integer({ min: 1, max: 16 }),
  message: text.filter((value) => value !== ''),
  reason: fc.stringMatching(/^[A-Z_]{1,30}$/),
  metadata,
  waitSeconds: fc.option(fc.integer({ min: 1, max: 2 ** 31 - 1 }), { nil: undefined }),
})

describe('google.rpc.Status by hand', () => {
  test('the same bytes as a protobuf library makes', () => {
    fc.assert(
      fc.property(error, (each) => {
        const info = { reason: each.reason, domain: 'vigil', metadata: each.metadata }
        const retry = { retry_delay: { seconds: each.waitSeconds } }
        expect(errorInfo(each)).toEqual(encodeAs('errorInfo', info))
        const details = [
          { type_url: 'type.googleapis.com/google.rpc.ErrorInfo', value: encodeAs('errorInfo', info) },
        ]
        if (each.waitSeconds !== undefined) {
          expect(retryInfo(each.waitSeconds)).toEqual(encodeAs('retryInfo', retry))
          const value = encodeAs('retryInfo', retry)
          details.push({ type_url: 'type.googleapis.com/google.rpc.RetryInfo', value })
        }
        const { code, message } = each
        expect(statusDetails(each)).toEqual(encodeAs('status', { code, message, details }))
      }),
      { numRuns: 300 },
    )
  })

  test('a known example, and base64 without padding', () => {
    const refused = { code: 7, message: 'access denied', reason: 'ACCESS_DENIED', metadata: { a: 'b' } }
    const value = unpadded(statusDetails({ ...refused, waitSeconds: 3 }))
    expect(value).not.toMatch(/[^A-Za-z0-9+/]/)
    expect(readDetails(value)).toEqual({
      code: 7,
      message: 'access denied',
      ErrorInfo: { reason: 'ACCESS_DENIED', domain: 'vigil', metadata: { a: 'b' } },
      RetryInfo: { retry_delay: { seconds: 3 } },
    })
  })
})

test.each([
  ['', ''],
  ['a', 'YQ'],
  ['ab', 'YWI'],
  ['abc', 'YWJj'],
])('%j is %j without padding', (text, expected) => expect(unpadded(Buffer.from(text))).toBe(expected))

test.each([
  [400, 3],
  [401, 16],
  [403, 7],
  [413, 8],
  [429, 8],
  [503, 14],
  [418, 7],
])('HTTP %d is gRPC status %d', (http, grpc) => expect(rpcCode(http)).toBe(grpc))
