import { Health } from '../grpc/health.ts'
import type { Transport, TransportOptions } from '../transport.ts'
import { Calls } from './calls.ts'
import { FramesConnection } from './connection.ts'

const PATIENCE_MS = 10_000

export interface FramesOptions extends TransportOptions {
  /** How long a peer may keep silent; see `FramesConnection`. */
  readonly patienceMs?: number
}

/**
 * gRPC as far as a check needs it, on the sockets themselves: HTTP/2 is read and written here, because node:http2 cost more
 * than the whole of a check's way through this (docs/decisions/0021).
 */
export function openFrames(options: FramesOptions): Transport {
  const { handler, maxMessageBytes, patienceMs = PATIENCE_MS } = options
  const health = new Health()
  return {
    serve: (socket, caller) => {
      const check = (message: Buffer) => handler.handle(message, caller)
      const options = { check, health, maxMessageBytes }
      return new FramesConnection(socket, patienceMs, (sender) => new Calls(options, sender))
    },
    setServing: (isServing) => health.setServing(isServing),
  }
}
