import { describe, expect, test } from '@jest/globals'
import { canaryUrl, type HttpAnswer, judgeAttachment } from '../../../src/cli/probe/attachment.ts'

const problem = (status: number, type: string, title: string): HttpAnswer => ({
  status,
  headers: { 'content-type': 'application/problem+json', server: 'envoy' },
  body: JSON.stringify({ type, title, status, instance: 'urn:uuid:5f0c0c0c-1111-4222-8333-444455556666' }),
})
const CANARY = problem(403, 'urn:vigil:problem:canary', 'Canary refused by Vigil')
const plain = (status: number, body = '', headers: HttpAnswer['headers'] = {}): HttpAnswer => ({
  status,
  headers,
  body,
})

describe('the canary', () => {
  test.each([
    ['https://api.example.com', 'https://api.example.com/.well-known/vigil-canary'],
    ['https://api.example.com/', 'https://api.example.com/.well-known/vigil-canary'],
    ['http://10.0.0.1:8080/v1/?a=b#c', 'http://10.0.0.1:8080/v1/.well-known/vigil-canary'],
  ])('of %s is %s', (url, canary) => expect(canaryUrl(new URL(url)).href).toBe(canary))

  test('refused by Vigil proves the attachment, whatever the prefix of its type', () => {
    expect(judgeAttachment(CANARY)).toMatchObject({ name: 'attachment', isGood: true })
    const own = problem(403, 'https://docs.example.com/errors/canary', 'Canary refused by Vigil')
    expect(judgeAttachment(own).isGood).toBe(true)
  })
})

describe('anything else does not', () => {
  test.each<[string, HttpAnswer, RegExp, RegExp]>([
    ['200', plain(200, 'hello'), /^NOT PROTECTED: .* answered 200$/, /not attached.*fails open/],
    ['200 with the text of the canary', { ...CANARY, status: 200 }, /instead of the canary/, /vigil explain/],
    [
      '404 of the application',
      plain(404, '', { 'x-envoy-upstream-service-time': '3' }),
      /^NOT PROTECTED: .* answered 404$/,
      /not attached/,
    ],
    ['404 with a page', plain(404, '<h1>Not found</h1>'), /^NOT PROTECTED/, /not attached/],
    ['404 of Envoy', plain(404), /^no route/, /--host/],
    [
      '503 of the application',
      plain(503, '', { 'x-envoy-upstream-service-time': '0' }),
      /^NOT PROTECTED/,
      /fails open/,
    ],
    ['503 of Envoy', plain(503), /Vigil cannot be reached/, /NetworkPolicy/],
    ['503 of Vigil', problem(503, 'x:unavailable', 'Service unavailable'), /Vigil answered 503/, /its log/],
    [
      '403 of Vigil',
      problem(403, 'x:access-denied', 'Access denied'),
      /Vigil answered 403/,
      /server\.callers/,
    ],
    ['403 without a body', plain(403), /^refused with 403, and not by Vigil/, /status_on_error/],
    ['403 of somebody else', plain(403, 'RBAC: access denied'), /not by Vigil/, /RBAC/],
    ['500 of Envoy', plain(500), /^answered 500 by Envoy/, /SecurityPolicy/],
    [
      'a redirect',
      plain(301, '', { location: 'https://x/' }),
      /^redirected with 301 to https:\/\/x\//,
      /Give/,
    ],
    ['another answer', plain(429, 'slow down'), /^answered 429, and not by Vigil$/, /in front of Vigil/],
  ])('%s', (_what, answer, says, fix) => {
    const verdict = judgeAttachment(answer)
    expect(verdict.isGood).toBe(false)
    expect(verdict.says).toMatch(says)
    expect(verdict.fix).toMatch(fix)
  })
})
