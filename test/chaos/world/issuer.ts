import { once } from 'node:events'
import { createServer, type Server, type ServerResponse } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import type { SigningKey } from '../../harness/tokens.ts'

/** Where Vigils fetch keys, and what may go wrong there. */
export interface Issuer {
  readonly uri: string
  /** What is published from now on. */
  keys: readonly SigningKey[]
  /** `garbage`: 200, and no key set. `slow`: the keys, after 10 seconds. */
  mood: 'well' | 'garbage' | 'slow'
  /** How often it was asked. */
  readonly asked: () => number
  stop(): Promise<void>
  start(): Promise<void>
}

const SLOW_MS = 10_000

export function createIssuer(port: number, keys: readonly SigningKey[]): Issuer {
  let server: Server | undefined
  let asked = 0
  const issuer: Issuer = {
    uri: `http://127.0.0.1:${port}/jwks`,
    keys,
    mood: 'well',
    asked: () => asked,
    start: async () => {
      server = createServer((_request, response) => {
        asked++
        void answer(issuer, response)
      })
      server.listen(port, '127.0.0.1')
      await once(server, 'listening')
    },
    stop: async () => {
      const ending = server
      server = undefined
      ending?.closeAllConnections()
      if (ending?.listening) await new Promise((done) => ending.close(done))
    },
  }
  return issuer
}

async function answer({ keys, mood }: Issuer, response: ServerResponse): Promise<void> {
  if (mood === 'slow') await sleep(SLOW_MS, undefined, { ref: false })
  response.setHeader('content-type', 'application/json')
  response.end(
    mood === 'garbage' ? '{"keys": [{"kty": "EC", "x' : JSON.stringify({ keys: keys.map(({ jwk }) => jwk) }),
  )
}
