import type { HeaderPair } from '../model.ts'
import { ERROR_INFO, errorInfo, RETRY_INFO, type RpcError, retryInfo, unpadded } from './rpc-error.ts'

interface Form {
  readonly status?: number
  readonly headers: readonly HeaderPair[]
  readonly body: string
}

/** How the Connect protocol spells the codes that a refusal can have. */
const CODES: Readonly<Record<number, string>> = {
  3: 'invalid_argument',
  7: 'permission_denied',
  8: 'resource_exhausted',
  14: 'unavailable',
  16: 'unauthenticated',
}

/** A unary call: the error as JSON, with the HTTP status that the protocol gives each code, which is ours. */
export function tellConnect(error: RpcError): Form {
  return { headers: [['content-type', 'application/json']], body: JSON.stringify(errorOf(error)) }
}

/** A stream: HTTP 200 with one message, the end of the stream, which is JSON whatever its messages are. */
export function tellConnectStream(error: RpcError, encoding: 'json' | 'proto'): Form {
  const body = envelope(JSON.stringify({ error: errorOf(error) }))
  return { status: 200, headers: [['content-type', `application/connect+${encoding}`]], body }
}

function errorOf(error: RpcError): object {
  const details = [{ type: ERROR_INFO, value: unpadded(errorInfo(error)) }]
  if (error.waitSeconds !== undefined)
    details.push({ type: RETRY_INFO, value: unpadded(retryInfo(error.waitSeconds)) })
  return { code: CODES[error.code] ?? 'permission_denied', message: error.message, details }
}

const END_STREAM = 0x02

/**
 * Flag and length in four bytes before the JSON, which is ASCII. Envoy takes only text for a body, and a byte above 127
 * alone is none: blanks behind the JSON lengthen it until each byte of its length is below that.
 */
function envelope(json: string): string {
  let length = json.length
  while ((length & 0x80) !== 0 || (length & 0x8000) !== 0) length++
  const prefix = [END_STREAM, length >>> 24, (length >>> 16) & 0xff, (length >>> 8) & 0xff, length & 0xff]
  return String.fromCharCode(...prefix) + json.padEnd(length)
}
