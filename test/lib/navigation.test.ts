import { expect, test } from '@jest/globals'
import { isNavigation, isWebSocket } from '../../src/lib/navigation.ts'

const headersOf = (headers: Record<string, string | readonly string[]>) =>
  new Map(Object.entries(headers).map(([name, value]) => [name, [value].flat()]))

test.each<[string, Record<string, string | readonly string[]>, boolean]>([
  ['nothing', {}, false],
  ['websocket', { upgrade: 'websocket' }, true],
  ['in any case', { upgrade: 'WebSocket' }, true],
  ['beside another protocol', { upgrade: 'h2c, websocket' }, true],
  ['in a second line', { upgrade: ['h2c', 'websocket'] }, true],
  ['with a version', { upgrade: 'websocket/13' }, true],
  ['without Connection, as one of HTTP/2 may look', { upgrade: 'websocket', connection: 'close' }, true],
  ['another protocol', { upgrade: 'h2c' }, false],
  ['only its other headers', { 'sec-websocket-version': '13', connection: 'Upgrade' }, false],
])('a WebSocket: %s', (_what, headers, expected) => {
  expect(isWebSocket({ headers: headersOf(headers) })).toBe(expected)
  const page = { ...headers, 'sec-fetch-mode': 'navigate' }
  expect(isNavigation({ method: 'GET', headers: headersOf(page) })).toBe(!expected)
})

test.each(['POST', 'HEAD', 'OPTIONS'])('%s is no navigation', (method) => {
  expect(isNavigation({ method, headers: headersOf({ 'sec-fetch-mode': 'navigate' }) })).toBe(false)
})
