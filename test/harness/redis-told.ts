import { once } from 'node:events'
import { connect } from 'node:net'

/** The server's reply to one command, as it stands on the wire (inline commands; no TLS, no password). */
export async function told(port: number, command: string): Promise<string> {
  const socket = connect(port, '127.0.0.1')
  socket.write(`${command}\r\n`)
  const [reply] = await once(socket, 'data')
  socket.destroy()
  return String(reply)
}
