import { type AddressInfo, createServer, type Socket } from 'node:net'
import { reportUsage } from '../grpc/usage.ts'

/**
 * The application behind Envoy: as little as an HTTP/1.1 server can be, because what it costs is nobody's question here.
 * A request with this header is told what arrived, everything else gets the same few bytes.
 */
export const ECHO_HEADER = 'x-bench-echo'

const respond = (body: string): string =>
  `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`

const PLAIN = Buffer.from(respond('{"ok":true}'))
const END = '\r\n\r\n'

/** The header fields of one request, names in lower case; repeats joined with a comma. */
export function fieldsOf(head: string): Record<string, string> {
  const fields: Record<string, string> = {}
  for (const line of head.split('\r\n').slice(1)) {
    const colon = line.indexOf(':')
    const [name, value] = [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()]
    fields[name] = name in fields ? `${fields[name]}, ${value}` : value
  }
  return fields
}

/** Requests have no bodies here. */
function serve(socket: Socket): void {
  let rest: Buffer = Buffer.alloc(0)
  socket.setNoDelay(true)
  socket.on('error', () => socket.destroy())
  socket.on('data', (chunk: Buffer) => {
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk])
    for (let end = rest.indexOf(END); end !== -1; end = rest.indexOf(END)) {
      const head = rest.subarray(0, end)
      socket.write(
        head.includes(ECHO_HEADER) ? respond(JSON.stringify(fieldsOf(head.toString('latin1')))) : PLAIN,
      )
      rest = rest.subarray(end + END.length)
    }
  })
}

if (import.meta.main) {
  const server = createServer(serve)
  server.listen(0, '127.0.0.1', () => {
    process.send?.({ value: `127.0.0.1:${(server.address() as AddressInfo).port}` })
  })
  reportUsage()
}
