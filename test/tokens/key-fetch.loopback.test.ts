/** The same fetching over a real connection: what an injected fetch could get wrong about redirects and streams. */
import { createServer, type Server, type ServerResponse } from 'node:http'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { discoverKeys, fetchKeys } from '../../src/tokens/key-fetch.ts'

let server: Server
let origin = ''

const json = (response: ServerResponse, value: unknown) => response.end(JSON.stringify(value))
const pages: Record<string, (response: ServerResponse) => void> = {
  '/.well-known/openid-configuration': (r) => json(r, { issuer: origin, jwks_uri: `${origin}/jwks` }),
  '/jwks': (r) => json(r, { keys: ['k'] }),
  '/moved': (r) => r.writeHead(302, { location: `${origin}/jwks` }).end(),
  '/silent': () => undefined,
  '/endless': (r) => {
    const more = () => {
      while (!r.destroyed && r.write('x'.repeat(65_536)));
      if (!r.destroyed) r.once('drain', more)
    }
    more()
  },
  '/broken': (r) => {
    r.writeHead(200, { 'content-length': '100' }).write('{"keys":')
    setImmediate(() => r.destroy())
  },
}

beforeAll(async () => {
  server = createServer((request, response) => {
    const page = pages[request.url ?? '']
    if (page === undefined) response.writeHead(404).end()
    else page(response)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  origin = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`
})

afterAll(() => {
  server.closeAllConnections()
  server.close()
})

const patient = () => new AbortController().signal

test('JWT-16 discovery finds the key set', async () => {
  expect(await discoverKeys(fetch, origin, patient())).toEqual(['k'])
})

test.each([
  ['a redirect', '/moved', 'answered 302'],
  ['an answer without end', '/endless', 'answered more than 524288 bytes'],
  ['an answer that breaks off', '/broken', /broke off|could not be fetched/],
])('JWT-16 %s is refused', async (_, path, message) => {
  await expect(fetchKeys(fetch, `${origin}${path}`, patient())).rejects.toThrow(message)
})

test('JWT-16 a server that says nothing is left when the time is up', async () => {
  const time = new AbortController()
  const fetching = fetchKeys(fetch, `${origin}/silent`, time.signal)
  time.abort(new DOMException('late', 'TimeoutError'))
  await expect(fetching).rejects.toThrow('could not be fetched (TimeoutError)')
})

test('JWT-16 a closed port is told by its code', async () => {
  const closed = createServer()
  await new Promise<void>((resolve) => closed.listen(0, '127.0.0.1', resolve))
  const address = closed.address()
  const port = typeof address === 'object' ? address?.port : 0
  await new Promise((resolve) => closed.close(resolve))
  await expect(fetchKeys(fetch, `http://127.0.0.1:${port}/jwks`, patient())).rejects.toThrow('ECONNREFUSED')
})
