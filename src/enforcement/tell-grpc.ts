import type { HeaderPair } from '../model.ts'
import { type RpcError, statusDetails, unpadded } from './rpc-error.ts'

interface Form {
  readonly status?: number
  readonly headers: readonly HeaderPair[]
  readonly body: string
}

/** Statuses that Envoy maps as gRPC wants them; for every other it is told. */
const MAPPED: ReadonlySet<number> = new Set([401, 403, 503])

/** To Envoy's own gRPC answer: it makes the body the grpc-message and takes over a grpc-status that is there. */
export function tellGrpc(httpStatus: number, error: RpcError): Form {
  const status: HeaderPair[] = MAPPED.has(httpStatus) ? [] : [['grpc-status', String(error.code)]]
  return { headers: [...status, ...detailsOf(error)], body: error.message }
}

/**
 * gRPC-Web is plain HTTP to Envoy, so the whole answer is made here: trailers only, in the headers. A frame of trailers
 * is no text, and Envoy takes nothing else for a body.
 */
export function tellGrpcWeb(error: RpcError): Form {
  return {
    status: 200,
    headers: [...statusOf(error), ['content-type', 'application/grpc-web+proto']],
    body: '',
  }
}

/** In base64 the frame can be sent, for clients that look for the trailers there only. */
export function tellGrpcWebText(error: RpcError): Form {
  const status = statusOf(error)
  const trailers = status.map(([name, value]) => `${name}: ${value}\r\n`).join('')
  return {
    status: 200,
    headers: [...status, ['content-type', 'application/grpc-web-text+proto']],
    body: trailerFrame(trailers).toString('base64'),
  }
}

function statusOf(error: RpcError): readonly HeaderPair[] {
  return [['grpc-status', String(error.code)], ['grpc-message', error.message], ...detailsOf(error)]
}

function detailsOf(error: RpcError): readonly HeaderPair[] {
  const details: HeaderPair = ['grpc-status-details-bin', unpadded(statusDetails(error))]
  // How long a client waits before it retries by itself (gRFC A6); Envoy would otherwise let it retry at once.
  return isThrottled(error)
    ? [['grpc-retry-pushback-ms', String((error.waitSeconds ?? 0) * 1000)], details]
    : [details]
}

const RESOURCE_EXHAUSTED = 8
const isThrottled = ({ code, waitSeconds }: RpcError) =>
  code === RESOURCE_EXHAUSTED && waitSeconds !== undefined

/** gRPC-Web: flag 0x80 and the length in four bytes before the trailers. */
function trailerFrame(trailers: string): Buffer {
  const frame = Buffer.alloc(5 + trailers.length)
  frame[0] = 0x80
  frame.writeUInt32BE(trailers.length, 1)
  frame.write(trailers, 5, 'latin1')
  return frame
}
