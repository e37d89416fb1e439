import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'

/** The application behind Envoy: it knows nothing of tokens and answers with what it received. */
export interface Upstream {
  /** What it received last, another object each time; undefined before the first request. */
  readonly last: () => Echo | undefined
  stop(): Promise<void>
}

/** What the application received. */
export interface Echo {
  readonly method: string
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
}

/** Starts the echo server on this port of 127.0.0.1. */
export async function startUpstream(port: number): Promise<Upstream> {
  let last: Echo | undefined
  const server = createServer((request, response) => {
    request.resume()
    const { method, url: path, headers } = request
    last = { method, path, headers } as Echo
    if (headers['content-type'] === 'application/grpc') answerGrpc(response)
    else answerHttp(response, last)
  })
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  return {
    last: () => last,
    stop: async () => {
      server.closeAllConnections()
      await new Promise((done) => server.close(done))
    },
  }
}

function answerHttp(response: ServerResponse, echo: Echo): void {
  response.writeHead(200, { 'content-type': 'application/json' })
  response.end(`${JSON.stringify(echo, undefined, 2)}\n`)
}

/** OK and no message, told in the headers alone (Trailers-Only). */
function answerGrpc(response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'application/grpc', 'grpc-status': '0' }).end()
}
