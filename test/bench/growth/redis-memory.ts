import { once } from 'node:events'
import { connect } from 'node:net'

/** What a Redis on loopback says of its memory, in bytes: `used_memory` and `used_memory_rss` of `INFO memory`. */
export async function usedMemory(
  port: number,
): Promise<{ readonly storeBytes: number; readonly residentBytes: number }> {
  const socket = connect({ port, host: '127.0.0.1' })
  try {
    await once(socket, 'connect')
    socket.write('INFO memory\r\n')
    let text = ''
    for await (const chunk of socket.iterator({ destroyOnReturn: false })) {
      text += String(chunk)
      const used = read(text, 'used_memory')
      const resident = read(text, 'used_memory_rss')
      if (used !== undefined && resident !== undefined) return { storeBytes: used, residentBytes: resident }
    }
    throw new Error('Redis closed the connection')
  } finally {
    socket.destroy()
  }
}

/** A whole line of INFO. */
function read(text: string, name: string): number | undefined {
  const found = new RegExp(`^${name}:(\\d+)\r\n`, 'm').exec(text)?.[1]
  return found === undefined ? undefined : Number(found)
}
