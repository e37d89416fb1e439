import type { Socket } from 'node:net'
import type { Caller } from '../model.ts'
import type { CheckHandler } from './handler.ts'

/** One connection and the calls on it. Its end shows at the socket. */
export interface Connection {
  /** Takes no new calls, and ends the connection when those in flight have their answers. */
  drain(): void
}

/** Speaks gRPC on connections that a listener has taken. */
export interface Transport {
  /** All calls of a connection are of one caller: nothing has to be looked up, so nothing can be mixed up. */
  serve(socket: Socket, caller: Caller): Connection
  /** What `grpc.health.v1` says from now on; NOT_SERVING before. */
  setServing(isServing: boolean): void
}

export interface TransportOptions {
  readonly handler: CheckHandler
  /** A larger message is answered with RESOURCE_EXHAUSTED and not kept. */
  readonly maxMessageBytes: number
}

/** The service of checks; its only method is `Check`. */
export const SERVICE = 'envoy.service.auth.v3.Authorization'
/** The gRPC method of a check: held to envoy/protos by a test, so that no proto has to be loaded to know it. */
export const CHECK_PATH = `/${SERVICE}/Check`
