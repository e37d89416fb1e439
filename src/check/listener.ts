import { type Server, ServerCredentials } from '@grpc/grpc-js'

/** A place where checks arrive. */
export interface Listener {
  /** `host:port` or `unix:/path` that was bound. */
  readonly address: string
  /** Takes no new calls, lets the ones in flight finish, and cuts what is left after the timeout. */
  close(timeoutMs: number): Promise<void>
}

/** A listener without TLS: TCP or a Unix socket. */
export async function listenPlain(listen: string, server: Server): Promise<Listener> {
  const address = await bind(server, listen)
  return { address, close: (timeoutMs) => shutDown(server, timeoutMs) }
}

function bind(server: Server, listen: string): Promise<string> {
  return new Promise((resolve, reject) => {
    server.bindAsync(listen, ServerCredentials.createInsecure(), (error, port) => {
      if (error) reject(new Error(`cannot listen on ${listen}: ${error.message}`))
      else resolve(listen.startsWith('unix:') ? listen : listen.replace(/:\d+$/, `:${port}`))
    })
  })
}

/** An open health watch would hold tryShutdown for ever, hence the bound. */
function shutDown(server: Server, timeoutMs: number): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => {
      server.forceShutdown()
      resolve()
    }, timeoutMs)
    server.tryShutdown(() => {
      clearTimeout(timer)
      resolve()
    })
  })
}
