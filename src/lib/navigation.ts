import type { Check } from '../model.ts'

type Asked = Pick<Check, 'method' | 'headers'>

/** RFC 6455 section 4.1. Envoy makes one of HTTP/2 (RFC 8441) the same before it asks. Whatever else stands beside it. */
export const isWebSocket = ({ headers }: Pick<Check, 'headers'>): boolean =>
  headers.get('upgrade')?.some((value) => /websocket/i.test(value)) ?? false

/**
 * Fetch Metadata: a browser is about to show the answer as a page. Only a GET can be sent elsewhere and come back, and no
 * WebSocket can: browsers follow no redirect there.
 */
export const isNavigation = (asked: Asked): boolean =>
  asked.method === 'GET' && asked.headers.get('sec-fetch-mode')?.[0] === 'navigate' && !isWebSocket(asked)
