import {
  Metadata,
  Server,
  ServerCredentials,
  type ServerUnaryCall,
  type ServiceDefinition,
  type sendUnaryData,
  status,
} from '@grpc/grpc-js'
import { HealthImplementation } from 'grpc-health-check'
import type { Caller } from '../model.ts'
import type { CheckHandler } from './handler.ts'
import { CHECK_PATH, SERVICE, type Transport, type TransportOptions } from './transport.ts'

const asIs = (bytes: Buffer) => bytes

/** Bytes in, bytes out: decoding happens in the handler, where failing to decode is a denial and no gRPC error. */
const definition: ServiceDefinition = {
  Check: {
    path: CHECK_PATH,
    requestStream: false,
    responseStream: false,
    requestSerialize: asIs,
    requestDeserialize: asIs,
    responseSerialize: asIs,
    responseDeserialize: asIs,
  },
}

/**
 * The transport of `server.transport: grpc-js`, and what the other one is compared with in tests. It is loaded only when
 * it is chosen. A server for each connection: grpc-js tells a call neither its connection nor, at a bearable price, the
 * certificate of it.
 */
export function openGrpcJs({ handler, maxMessageBytes }: TransportOptions): Transport {
  const health = new HealthImplementation({ '': 'NOT_SERVING', [SERVICE]: 'NOT_SERVING' })
  return {
    serve: (socket, caller) => {
      const server = new Server({ 'grpc.max_receive_message_length': maxMessageBytes })
      server.addService(definition, { Check: checkMethod(handler, caller) })
      health.addToServer(server)
      socket.once('close', () => server.forceShutdown())
      server.createConnectionInjector(ServerCredentials.createInsecure()).injectConnection(socket)
      // Of a connection that it was given, grpc-js says at once that it has ended: only the socket tells.
      return { drain: () => server.tryShutdown(() => undefined) }
    },
    setServing: (isServing) => {
      const state = isServing ? 'SERVING' : 'NOT_SERVING'
      health.setStatus('', state)
      health.setStatus(SERVICE, state)
    },
  }
}

function checkMethod(handler: CheckHandler, caller: Caller) {
  return (call: ServerUnaryCall<Buffer, Buffer>, callback: sendUnaryData<Buffer>) => {
    handler.handle(call.request, caller).then(
      (response) => callback(null, response),
      // `handle` never rejects; if it ever did, hanging would be worse than an error.
      () => callback({ code: status.INTERNAL, metadata: new Metadata() }),
    )
  }
}
