import { lstat, rm } from 'node:fs/promises'
import {
  Metadata,
  Server,
  type ServerUnaryCall,
  type ServiceDefinition,
  type sendUnaryData,
  status,
} from '@grpc/grpc-js'
import { HealthImplementation } from 'grpc-health-check'
import type { ServerSettings } from '../config/schema/static.ts'
import type { Caller } from '../model.ts'
import type { Log } from '../ports.ts'
import { LOCAL, UNVERIFIED } from './caller.ts'
import { reloadingCertificates } from './certificates.ts'
import type { CheckHandler } from './handler.ts'
import { type Listener, listenPlain } from './listener.ts'
import { listenTls } from './tls-listener.ts'
import { CHECK_PATH } from './wire.ts'

const SERVICE = 'envoy.service.auth.v3.Authorization'
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

export interface CheckServer {
  /** `host:port` or `unix:/path` that were bound, in the order of the settings. */
  readonly addresses: readonly string[]
  setServing(isServing: boolean): void
  /** Takes no new calls, lets the ones in flight finish, and cuts what is left after the timeout. */
  close(timeoutMs: number): Promise<void>
}

/**
 * gRPC answers a larger message with an error, which an Envoy with failure_mode_allow takes for a pass. So it takes far
 * more than a check may have, and the handler denies what is too much; only this much is not even read to its end.
 */
const MAX_TRANSPORT_BYTES = 64 * 1024 * 1024

/** How often changed certificate files are looked for. */
const CERTIFICATE_REFRESH_MS = 5000

/** One or more gRPC servers per listener: which one a call came through decides who its caller is. */
export async function startCheckServer(
  settings: ServerSettings,
  handler: CheckHandler,
  log: Log,
): Promise<CheckServer> {
  const health = new HealthImplementation({ '': 'NOT_SERVING', [SERVICE]: 'NOT_SERVING' })
  const transportBytes = Math.max(MAX_TRANSPORT_BYTES, 2 * settings.maxMessageBytes)
  const serverFor = (caller: Caller): Server => {
    const server = new Server({ 'grpc.max_receive_message_length': transportBytes })
    server.addService(definition, { Check: checkMethod(handler, caller) })
    health.addToServer(server)
    return server
  }
  const certificates = settings.tls === undefined ? undefined : reloadingCertificates(settings.tls, log)
  const listeners: Listener[] = []
  const close = async (timeoutMs: number) => {
    clearInterval(timer)
    await Promise.all(listeners.map((listener) => listener.close(timeoutMs)))
  }
  const timer = certificates && setInterval(certificates.refresh, CERTIFICATE_REFRESH_MS).unref()
  try {
    for (const listen of settings.listen) {
      const isUnix = listen.startsWith('unix:')
      if (isUnix) await removeStaleSocket(listen.slice('unix:'.length))
      const isTls = !isUnix && certificates !== undefined
      listeners.push(
        isTls
          ? await listenTls(listen, certificates, serverFor)
          : await listenPlain(listen, serverFor(isUnix ? LOCAL : UNVERIFIED)),
      )
    }
  } catch (error) {
    // What was bound before would go on answering for a service that has not begun.
    await close(0)
    throw error
  }
  return {
    addresses: listeners.map(({ address }) => address),
    setServing: (isServing) => {
      const state = isServing ? 'SERVING' : 'NOT_SERVING'
      health.setStatus('', state)
      health.setStatus(SERVICE, state)
    },
    close,
  }
}

/** A socket that an earlier process left behind; anything else at that path is a mistake in the configuration. */
async function removeStaleSocket(path: string): Promise<void> {
  const found = await lstat(path).catch(() => undefined)
  if (found === undefined) return
  if (!found.isSocket()) throw new Error(`cannot listen on unix:${path}: a file that is no socket is there`)
  await rm(path)
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
