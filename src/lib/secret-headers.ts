/**
 * Request headers that carry credentials or Vigil's own word: no condition reads them and no record holds them, whatever
 * configuration lists. Scripts cannot set `Authorization` on a WebSocket, so many show their token as a subprotocol.
 */
export const SECRET_HEADERS: ReadonlySet<string> = new Set([
  'authorization',
  'proxy-authorization',
  'cookie',
  'set-cookie',
  'dpop',
  'sec-websocket-protocol',
  'x-vigil-hop',
  'x-forwarded-client-cert',
  'client-cert',
  'client-cert-chain',
])
