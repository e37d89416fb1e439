import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { freePort } from './ports.ts'

/** Stands between a client and a server on 127.0.0.1, keeps what the client sends, and can hold back the answers. */
export async function startProxy(target: number) {
  const port = await freePort()
  const pieces: string[] = []
  const sockets = new Set<Socket>()
  let targetPort = target
  /** Answers that wait; undefined: they go through. */
  let held: (() => void)[] | undefined
  const server = createServer((inner) => {
    const outer = connect(targetPort, '127.0.0.1')
    for (const [from, to] of [
      [inner, outer],
      [outer, inner],
    ] as const) {
      sockets.add(from)
      from.on('error', () => to.destroy())
      from.on('close', () => to.destroy())
      from.on('data', (bytes) => {
        if (from === inner) pieces.push(bytes.toString('latin1'))
        if (from === outer && held !== undefined) held.push(() => to.write(bytes))
        else to.write(bytes)
      })
    }
  })
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  return {
    port,
    pieces,
    /** From now on the server takes everything and answers nothing. */
    freeze() {
      held ??= []
    },
    /** All that was held back goes out, in its order. */
    thaw() {
      for (const send of held?.splice(0) ?? []) send()
      held = undefined
    },
    /** Cuts all connections; new ones go to another port, as when an address moves to a promoted replica. */
    switchTo(port: number) {
      targetPort = port
      for (const socket of sockets) socket.destroy()
    },
    async stop() {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}
