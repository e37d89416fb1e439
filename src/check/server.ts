import { lstat, rm } from 'node:fs/promises'
import type { ServerSettings } from '../config/schema/static.ts'
import type { Log } from '../ports.ts'
import { reloadingCertificates } from './certificates.ts'
import { openFrames } from './frames/transport.ts'
import type { CheckHandler } from './handler.ts'
import { type Listener, openListener } from './listener.ts'
import type { Transport, TransportOptions } from './transport.ts'

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

/** Opens the listeners, with one transport behind all of them. */
export async function startCheckServer(
  settings: ServerSettings,
  handler: CheckHandler,
  log: Log,
): Promise<CheckServer> {
  const maxMessageBytes = Math.max(MAX_TRANSPORT_BYTES, 2 * settings.maxMessageBytes)
  const transport = await openTransport(settings.transport, { handler, maxMessageBytes })
  const certificates = settings.tls === undefined ? undefined : reloadingCertificates(settings.tls, log)
  const listeners: Listener[] = []
  const close = async (timeoutMs: number) => {
    clearInterval(timer)
    await Promise.all(listeners.map((listener) => listener.close(timeoutMs)))
  }
  const timer = certificates && setInterval(certificates.refresh, CERTIFICATE_REFRESH_MS).unref()
  try {
    for (const listen of settings.listen) {
      if (listen.startsWith('unix:')) await removeStaleSocket(listen.slice('unix:'.length))
      listeners.push(await openListener(listen, certificates, transport, log))
    }
  } catch (error) {
    // What was bound before would go on answering for a service that has not begun.
    await close(0)
    throw error
  }
  return {
    addresses: listeners.map(({ address }) => address),
    setServing: transport.setServing,
    close,
  }
}

/** Only what is chosen is loaded: the others would cost memory and time at start. */
async function openTransport(
  kind: ServerSettings['transport'],
  options: TransportOptions,
): Promise<Transport> {
  switch (kind) {
    case 'frames':
      return openFrames(options)
    case 'http2':
      return (await import('./http2/transport.ts')).openHttp2(options)
    case 'grpc-js':
      return (await import('./grpc-js.ts')).openGrpcJs(options)
  }
}

/** A socket that an earlier process left behind; anything else at that path is a mistake in the configuration. */
async function removeStaleSocket(path: string): Promise<void> {
  const found = await lstat(path).catch(() => undefined)
  if (found === undefined) return
  if (!found.isSocket()) throw new Error(`cannot listen on unix:${path}: a file that is no socket is there`)
  await rm(path)
}
