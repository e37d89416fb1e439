/** Connections over Unix sockets between this machine's network and one of its own (island.ts); each begins with a line. */
import { once } from 'node:events'
import { connect, createServer, type Server, type Socket } from 'node:net'

/** Where a connection is to end; `localAddress` is where it seems to come from. */
export interface Target {
  readonly host: string
  readonly port: number
  readonly localAddress?: string
}

/** Listens, and hands what comes on through a Unix socket, to whoever serves it there. */
export async function forward(
  at: { host: string; port: number },
  through: string,
  targetOf: (socket: Socket) => Target,
): Promise<Server> {
  return listen(at, (socket) => {
    const beyond = connect(through)
    beyond.write(`${JSON.stringify(targetOf(socket))}\n`)
    join(socket, beyond)
  })
}

/** Serves a Unix socket: connects each that comes to what `reach` makes of its target. */
export async function serveDials(path: string, reach = (target: Target) => target): Promise<Server> {
  return listen({ path }, async (socket) => {
    socket.on('error', () => socket.destroy())
    const line = await readLine(socket).catch(() => undefined)
    if (line !== undefined) join(socket, connect({ noDelay: true, ...reach(JSON.parse(line)) }))
  })
}

async function listen(at: object, serve: (socket: Socket) => void): Promise<Server> {
  const server = createServer({ noDelay: true }, serve)
  server.listen(at)
  await once(server, 'listening')
  return server
}

function join(one: Socket, other: Socket): void {
  for (const [from, to] of [
    [one, other],
    [other, one],
  ] as const) {
    from.on('error', () => to.destroy()).on('close', () => to.destroy())
    from.pipe(to)
  }
}

function readLine(socket: Socket): Promise<string> {
  return new Promise((resolve, reject) => {
    let read = Buffer.alloc(0)
    const take = (chunk: Buffer) => {
      read = Buffer.concat([read, chunk])
      const end = read.indexOf('\n')
      if (end < 0) return
      socket.off('data', take).pause()
      if (end + 1 < read.length) socket.unshift(read.subarray(end + 1))
      resolve(read.toString('utf8', 0, end))
    }
    socket.on('data', take).once('close', () => reject(new Error('closed')))
  })
}
