import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { freePort } from '../../harness/ports.ts'

export interface SlowProxy {
  readonly port: number
  delay(ms: number): void
  stop(): Promise<void>
}

/** Stands before a server on 127.0.0.1 and hands its answers on late, each as late as the others. */
export async function startSlowProxy(target: number): Promise<SlowProxy> {
  const port = await freePort()
  const sockets = new Set<Socket>()
  let delayMs = 0
  const server = createServer((inner) => {
    const outer = connect({ port: target, host: '127.0.0.1', noDelay: true })
    join(inner, outer, (bytes) => outer.write(bytes))
    join(outer, inner, (bytes) => {
      // Without a delay at once; timers of one length keep their order.
      if (delayMs === 0) inner.write(bytes)
      else setTimeout(() => inner.writable && inner.write(bytes), delayMs)
    })
  })
  const join = (from: Socket, to: Socket, pass: (bytes: Buffer) => void) => {
    sockets.add(from)
    from.setNoDelay(true)
    from.on('data', pass)
    from.on('error', () => undefined)
    from.on('close', () => {
      sockets.delete(from)
      to.destroy()
    })
  }
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  return {
    port,
    delay: (ms: number) => {
      delayMs = ms
    },
    stop: async () => {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}
