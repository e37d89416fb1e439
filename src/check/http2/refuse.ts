import { constants, type ServerHttp2Stream } from 'node:http2'
import { CONTENT_TYPE, type Refusal } from '../grpc/status.ts'

/** Nobody waits any more: the peer reset the call or is gone. */
export const isGone = (stream: ServerHttp2Stream): boolean => stream.destroyed || stream.closed

/** `Trailers-Only` of PROTOCOL-HTTP2: the status in the first and only HEADERS. */
export function refuse(stream: ServerHttp2Stream, { code, text, headers }: Refusal): void {
  const status = { 'grpc-status': code, 'grpc-message': text, ...headers }
  respondLast(stream, { ':status': 200, 'content-type': CONTENT_TYPE, ...status })
}

/** Not gRPC at all: PROTOCOL-HTTP2 asks for 415, so that no client takes the answer for a status of gRPC. */
export function refuseMediaType(stream: ServerHttp2Stream): void {
  respondLast(stream, { ':status': 415 })
}

function respondLast(stream: ServerHttp2Stream, headers: Record<string, string | number>): void {
  if (isGone(stream) || stream.headersSent) return
  stream.respond(headers, { endStream: true, sendDate: false } as object)
  // RFC 9113 section 8.1: the answer is complete, and what is still to come of the request is not wanted. A reset at
  // once would take the place of the answer.
  if (!stream.readableEnded) setImmediate(resetQuietly, stream)
}

function resetQuietly(stream: ServerHttp2Stream): void {
  stream.close(constants.NGHTTP2_NO_ERROR)
}
