import { once } from 'node:events'
import { connect } from 'node:net'
import { type RedisServer, startRedis } from '../../harness/redis.ts'

/** The store, which can go and come again on the same port. */
export interface Redis {
  readonly port: number
  readonly server: string
  start(args?: readonly string[]): Promise<void>
  signal(signal: NodeJS.Signals): void
  /** @param how SIGKILL: as if its machine had gone */
  stop(how?: 'SIGTERM' | 'SIGKILL'): Promise<void>
  /** One command; its words hold no blanks. @returns the first line of the reply */
  say(command: string): Promise<string>
}

/** @param server path of valkey-server or redis-server */
export function createRedis(server: string, port: number): Redis {
  let running: RedisServer | undefined
  return {
    port,
    server,
    start: async (args = []) => {
      running = await startRedis({ server, port, args: ['--enable-debug-command', 'local', ...args] })
    },
    signal: (signal) => running?.running.kill(signal),
    stop: async (how = 'SIGTERM') => {
      // A frozen one takes no SIGTERM.
      running?.running.kill(how === 'SIGKILL' ? 'SIGKILL' : 'SIGCONT')
      await running?.stop()
      running = undefined
    },
    say: (command) => sayTo(port, command),
  }
}

/** One inline command to a server on 127.0.0.1. @throws when it refuses the command, or keeps silent for 5 s */
export async function sayTo(port: number, command: string): Promise<string> {
  const socket = connect({ port, host: '127.0.0.1' })
  socket.setTimeout(5000, () => socket.destroy(new Error(`port ${port} does not answer ${command}`)))
  try {
    socket.write(`${command}\r\n`)
    const [chunk] = await once(socket, 'data')
    const line = String(chunk)
    if (line.startsWith('-')) throw new Error(`${command}: ${line.trim()}`)
    return line
  } finally {
    socket.destroy()
  }
}
