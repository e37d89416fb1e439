import { once } from 'node:events'
import { connect } from 'node:net'
import { ISSUER } from '../../harness/tokens.ts'
import { createMint, type Workload } from '../workload.ts'
import { ECHO_HEADER } from './app-server.ts'
import { requestOf } from './request.ts'
import { type HttpResponse, wholeResponse } from './response.ts'
import type { Row } from './rows.ts'

/**
 * Whether a row does what its figures are told for: the application gets the request of a good token, with the identity that
 * was verified and not the one that the client claims, and a token with a broken signature does not pass. Who asks nobody, or one
 * that says yes to everything, lets it pass.
 * @throws with what came instead
 */
export async function expectRight(row: Row, workload: Workload): Promise<void> {
  const bearer = createMint(workload).bearer(0)
  const claimed = { [ECHO_HEADER]: 'yes', ...row.claims }
  const good = await ask(row.address, requestOf(bearer, claimed))
  expectStatus(row, 'a good token', good, [200])
  const seen = JSON.parse(good.body) as Record<string, string>
  for (const [name, value] of Object.entries(row.identity)) {
    if (seen[name] !== value)
      throw new Error(`${row.name}: the application saw ${name}: ${seen[name]}, not ${value}`)
  }
  const bad = await ask(
    row.address,
    requestOf(bearer, { authorization: broken(seen['authorization'] ?? '') }),
  )
  expectStatus(row, 'a broken signature', bad, row.isGuard ? [401, 403] : [200])
}

/** What Vigil tells the application of user 0, and what a client claims in its place. */
export const VIGIL_TELLS = {
  claims: { 'x-vigil-subject': 'mallory' },
  identity: { 'x-vigil-subject': 'user-0', 'x-vigil-issuer': ISSUER },
} as const

/** Another signature of the same length. */
function broken(authorization: string): string {
  const at = authorization.lastIndexOf('.') + 1
  const other = authorization[at] === 'A' ? 'B' : 'A'
  return `${authorization.slice(0, at)}${other}${authorization.slice(at + 1)}`
}

function expectStatus({ name }: Row, what: string, { status, body }: HttpResponse, wanted: number[]): void {
  if (!wanted.includes(status))
    throw new Error(`${name}: ${what} was answered ${status} and not ${wanted.join(' or ')}: ${body}`)
}

const LONGEST_MS = 10_000

/** One request on a connection of its own. @throws when the connection ends first, or nothing comes */
async function ask(address: string, request: Buffer): Promise<HttpResponse> {
  const [host = '', port] = address.split(':')
  const socket = connect({ host, port: Number(port) })
  const signal = AbortSignal.timeout(LONGEST_MS)
  try {
    await once(socket, 'connect', { signal })
    socket.write(request)
    let bytes = Buffer.alloc(0)
    for await (const chunk of socket.iterator({ destroyOnReturn: false })) {
      bytes = Buffer.concat([bytes, chunk as Buffer])
      const response = wholeResponse(bytes)
      if (response !== undefined) return response
      signal.throwIfAborted()
    }
    throw new Error(`the connection ended: ${bytes}`)
  } finally {
    socket.destroy()
  }
}
