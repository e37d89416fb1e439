import { once } from 'node:events'
import { createServer } from 'node:http'

/** The application behind Envoy: it knows nothing of tokens and answers with what it received. */
export interface Upstream {
  /** How many requests have reached the application. */
  readonly seen: () => number
  stop(): Promise<void>
}

/** What the application answers. */
export interface Echo {
  readonly method: string
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
}

/** Starts the echo server on this port of 127.0.0.1. */
export async function startUpstream(port: number): Promise<Upstream> {
  let seen = 0
  const server = createServer((request, response) => {
    seen++
    request.resume()
    const { method, url: path, headers } = request
    response.writeHead(200, { 'content-type': 'application/json' })
    response.end(`${JSON.stringify({ method, path, headers }, undefined, 2)}\n`)
  })
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  return {
    seen: () => seen,
    stop: async () => {
      server.closeAllConnections()
      await new Promise((done) => server.close(done))
    },
  }
}
