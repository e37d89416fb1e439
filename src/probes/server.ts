import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface Readiness {
  readonly ready: boolean
  readonly reasons: readonly string[]
  /** So much passes whatever is decided; absent: nothing does. */
  readonly observes?: 'part' | 'everything' | undefined
  /** What this replica does without although it is ready; absent: nothing. */
  readonly degraded?: readonly string[] | undefined
}

export interface ProbesDeps {
  /** Whether checks should be sent here, and why not. /livez asks nothing: it never depends on issuers or the store. */
  readonly isReady: () => Readiness
  readonly serveMetrics: (request: IncomingMessage, response: ServerResponse) => void
}

export interface Probes {
  readonly address: string
  close(): Promise<void>
}

/** HTTP for kubelet and Prometheus: GET /livez, /readyz, /metrics. */
export function startProbes(host: string, port: number, deps: ProbesDeps): Promise<Probes> {
  const server = createServer({ requestTimeout: 5000, headersTimeout: 5000 }, (request, response) => {
    try {
      answer(request, response, deps)
    } catch {
      // A probe must not end the process that it asks about; kubelet sees the failure.
      if (response.headersSent) response.destroy()
      else send(response, 500, { error: 'the probe failed' })
    }
  })
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, () => {
      server.off('error', reject)
      const { address, port: bound } = server.address() as AddressInfo
      resolve({
        address: `${address.includes(':') ? `[${address}]` : address}:${bound}`,
        close: () => closeServer(server),
      })
    })
  })
}

function answer(request: IncomingMessage, response: ServerResponse, deps: ProbesDeps): void {
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    response.setHeader('allow', 'GET, HEAD')
    return send(response, 405, { error: 'use GET' })
  }
  switch (request.url?.split('?', 1)[0]) {
    case '/livez':
      return send(response, 200, { live: true })
    case '/readyz': {
      const state = deps.isReady()
      return send(response, state.ready ? 200 : 503, state)
    }
    case '/metrics':
      return deps.serveMetrics(request, response)
    default:
      return send(response, 404, { error: 'try /livez, /readyz or /metrics' })
  }
}

function send(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store' })
  response.end(`${JSON.stringify(body)}\n`)
}

function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve())
    server.closeAllConnections()
  })
}
