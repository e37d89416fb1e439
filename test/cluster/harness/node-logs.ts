import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { makeCa } from '../../../scripts/certs/make.ts'
import { freePort } from '../../harness/ports.ts'

export interface NodeLogs {
  /** Where the API server asks the node. */
  readonly port: number
  stop(): void
}

/**
 * The kubelet's own listener, as far as `kubectl logs` and `helm test --logs` need it: the API server passes their
 * question on to the node.
 * @param outputOf undefined: no such pod here
 */
export async function startNodeLogs(
  outputOf: (namespace: string, pod: string) => string | undefined,
): Promise<NodeLogs> {
  const folder = mkdtempSync(join(tmpdir(), 'vigil-node-'))
  const { cert, key } = makeCa(folder, 'node')
  const pair = { cert: readFileSync(cert), key: readFileSync(key) }
  rmSync(folder, { recursive: true })
  const server = createServer(pair, (request, response) => {
    const [, what, namespace = '', pod = ''] = request.url?.split('?', 1)[0]?.split('/') ?? []
    const output = what === 'containerLogs' ? outputOf(namespace, pod) : undefined
    response.writeHead(output === undefined ? 404 : 200, { 'content-type': 'text/plain' })
    response.end(output ?? 'not here')
  })
  const port = await freePort()
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  return {
    port,
    stop: () => {
      server.close()
      server.closeAllConnections()
    },
  }
}
