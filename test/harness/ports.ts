import { randomInt } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:net'

/**
 * Below the range from which Linux (32768-) and macOS (49152-) take the ports of outgoing connections, so that nobody
 * grabs a port between finding and using it, and away from what Istio (15000) and Envoy Gateway (18000-19002) bind.
 */
const LOWEST = 20_000
const HIGHEST = 32_000

const handedOut = new Set<number>()

/** A TCP port on 127.0.0.1 that is free now and that this process has not handed out before. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(LOWEST, HIGHEST)
    if (!handedOut.has(port) && (await isFree(port))) {
      handedOut.add(port)
      return port
    }
  }
}

/** One free port under each name. */
export async function freePorts<Name extends string>(...names: Name[]): Promise<Record<Name, number>> {
  const ports: Partial<Record<Name, number>> = {}
  for (const name of names) ports[name] = await freePort()
  return ports as Record<Name, number>
}

/** Whether nobody listens on this port of 127.0.0.1. */
export async function isFree(port: number): Promise<boolean> {
  const server = createServer()
  try {
    server.listen({ port, host: '127.0.0.1', exclusive: true })
    await once(server, 'listening')
    return true
  } catch {
    return false
  } finally {
    if (server.listening) await new Promise((done) => server.close(done))
  }
}
