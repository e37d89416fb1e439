/** A start with an issuer whose keys are found by discovery, over loopback. */
import { once } from 'node:events'
import { createServer } from 'node:http'
import { afterEach, expect, test } from '@jest/globals'
import { mintNow } from '../harness/live.ts'
import { freePort } from '../harness/ports.ts'
import { issuerOf, keys } from '../harness/tokens.ts'
import { startVigil, type VigilProcess } from '../harness/vigil.ts'
import { waitUntil } from '../harness/wait.ts'

const cleanups: (() => unknown)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

/** An authorization server as far as Vigil can see one; keeps what was asked. */
async function startIssuer(port: number): Promise<string[]> {
  const issuer = `http://127.0.0.1:${port}`
  const asked: string[] = []
  const pages: Record<string, object> = {
    '/.well-known/oauth-authorization-server': { issuer, jwks_uri: `${issuer}/jwks` },
    '/jwks': { keys: [keys.es256.jwk] },
  }
  const server = createServer((request, response) => {
    asked.push(request.url ?? '')
    response.end(JSON.stringify(pages[request.url ?? '']))
  }).listen(port, '127.0.0.1')
  await once(server, 'listening')
  cleanups.push(() => {
    server.closeAllConnections()
    server.close()
  })
  return asked
}

async function startFor(port: number): Promise<VigilProcess> {
  const issuer = issuerOf({ issuer: `http://127.0.0.1:${port}`, jwks: { discovery: true } })
  const config = {
    identity: { issuers: [issuer] },
    actions: [{ name: 'read', match: { paths: ['/v1/items'] }, sensitivity: 'low' }],
    audit: { sinks: [] },
  }
  const vigil = await startVigil({ config, server: { deadlineMs: 10_000 } })
  cleanups.push(vigil.stop)
  return vigil
}

const ask = (vigil: VigilProcess, port: number) => {
  const token = mintNow({ claims: { iss: `http://127.0.0.1:${port}` } })
  return vigil.ask({ headers: { authorization: `Bearer ${token}` } })
}

test('a reachable issuer: ready with its keys, found once, before the first check', async () => {
  const port = await freePort()
  const asked = await startIssuer(port)
  const startedMs = performance.now()
  const vigil = await startFor(port)
  const wholeMs = Math.round(performance.now() - startedMs)
  expect(asked).toEqual(['/.well-known/oauth-authorization-server', '/jwks'])
  expect(await ask(vigil, port)).toMatchObject({ isPass: true })
  expect(asked).toHaveLength(2)
  const [, startMs] = await vigil.running.waitForLine(/"startMs":(\d+).*"vigil serves"/)
  expect(Number(startMs)).toBeGreaterThan(0)
  process.stdout.write(`start to ready: ${startMs} ms inside the process, ${wholeMs} ms from its spawn\n`)
}, 90_000)

test('an unreachable issuer does not keep it from its start: 503 until the keys can be had', async () => {
  const port = await freePort()
  const vigil = await startFor(port)
  expect(vigil.running.output()).toContain('keys of an issuer are not loaded')
  expect(await ask(vigil, port)).toMatchObject({ status: 503, reasons: ['identity.keys.unavailable'] })
  await startIssuer(port)
  await waitUntil('a check that passes', 30_000, async () => (await ask(vigil, port)).isPass)
}, 90_000)
