import { decodeRequest } from '../../../src/check/decode.ts'

/**
 * The HTTP/1.1 request (RFC 9112) that a CheckRequest of the gRPC bench stands for, so that both benches ask the same.
 * @param more headers besides, in the place of others
 */
export function requestOf(message: Buffer, more: Readonly<Record<string, string>> = {}): Buffer {
  const { method, path, host, headers = [] } = decodeRequest(message).attributes?.request?.http ?? {}
  if (!method || !path || !host) throw new Error('no request in this CheckRequest')
  const own = headers.filter(({ key = '' }) => !(key in more)).map(({ key, value }) => [key, value] as const)
  const lines = [['host', host] as const, ...own, ...Object.entries(more)]
  const head = lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')
  return Buffer.from(`${method} ${path} HTTP/1.1\r\n${head}\r\n`)
}
