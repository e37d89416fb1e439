import { Health } from '../grpc/health.ts'
import type { Transport, TransportOptions } from '../transport.ts'
import { Session } from './session.ts'

const PATIENCE_MS = 10_000

export interface Http2Options extends TransportOptions {
  /** How long a peer may keep silent; see `SessionOptions`. */
  readonly patienceMs?: number
}

/**
 * gRPC as far as a check needs it (unary calls and the watch of health), on node:http2 itself: for half of what grpc-js
 * costs (docs/decisions/0007).
 */
export function openHttp2(options: Http2Options): Transport {
  const { handler, maxMessageBytes, patienceMs = PATIENCE_MS } = options
  const health = new Health()
  return {
    serve: (socket, caller) => {
      const check = (message: Buffer) => handler.handle(message, caller)
      return new Session(socket, { check, health, maxMessageBytes, patienceMs })
    },
    setServing: (isServing) => health.setServing(isServing),
  }
}
