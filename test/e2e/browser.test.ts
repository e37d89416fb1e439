/** What a real browser makes of refusals: through Envoy and Vigil, from pages of two origins. */
import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { ROOT } from '../../scripts/root.ts'
import { DEFAULT_ENVOY } from '../../scripts/tools/catalog.ts'
import { domOf } from '../harness/browser.ts'
import { type Envoy, PATIENT_DEADLINE, startEnvoy } from '../harness/envoy.ts'
import { freePorts } from '../harness/ports.ts'
import { issuerOf, mintAccessToken } from '../harness/tokens.ts'
import { describeWithBrowser, describeWithEnvoy } from '../harness/tools.ts'
import { startVigil, type VigilProcess } from '../harness/vigil.ts'

const now = Math.floor(Date.now() / 1000)
const TOKEN = mintAccessToken({ claims: { iat: now - 10, exp: now + 600 } })

/** Calls the API and writes down what its script can learn. */
const pageOf = (api: string) => `<!doctype html><p id="seen">nothing</p><script>
const seen = document.getElementById('seen')
fetch('${api}/v1/closed', { headers: { authorization: 'Bearer ${TOKEN}' } })
  .then(async (r) => { seen.textContent = r.status + ' ' + (await r.json()).title })
  .catch((e) => { seen.textContent = 'failed: ' + e.name })
</script>`

async function listen(
  port: number,
  answer: (q: IncomingMessage, r: ServerResponse) => void,
): Promise<Server> {
  const server = createServer(answer).listen(port, '127.0.0.1')
  await once(server, 'listening')
  return server
}

/** Answers preflights, as an application does that may be called from pages. */
function application(request: IncomingMessage, response: ServerResponse): void {
  response.setHeader('access-control-allow-origin', request.headers.origin ?? '')
  response.setHeader('access-control-allow-headers', 'authorization')
  response.end('{}')
}

describeWithBrowser('a browser', (browser) => {
  describeWithEnvoy('through Envoy', DEFAULT_ENVOY, (binary) => {
    let vigil: VigilProcess
    let envoy: Envoy
    const servers: Server[] = []
    let ports: Record<'PAGE_PORT' | 'LISTENER_PORT', number>

    beforeAll(async () => {
      const all = await freePorts('ADMIN_PORT', 'LISTENER_PORT', 'APP_PORT', 'PAGE_PORT')
      ports = all
      const config = {
        entrypoints: [{ name: 'gateway', externalOrigins: ['https://api.example.com'] }],
        identity: { issuers: [issuerOf()] },
        actions: [
          { name: 'read', match: { methods: ['GET'], paths: ['/v1/{rest...}'] }, sensitivity: 'low' },
        ],
        policy: [{ name: 'closed', when: 'request.path == "/v1/closed"', effect: 'deny' }],
        enforcement: { cors: { origins: [`http://127.0.0.1:${all.PAGE_PORT}`] } },
      }
      vigil = await startVigil({ config, server: PATIENT_DEADLINE })
      servers.push(await listen(all.APP_PORT, application))
      const api = `http://127.0.0.1:${all.LISTENER_PORT}`
      servers.push(
        await listen(all.PAGE_PORT, (_request, response) => {
          response.setHeader('content-type', 'text/html')
          response.end(pageOf(api))
        }),
      )
      const bootstrap = join(ROOT, 'envoy', 'sidecar.yaml')
      envoy = await startEnvoy({
        bootstrap,
        ports: { ...all, VIGIL_PORT: vigil.port },
        binary,
        isPatient: true,
      })
    }, 90_000)

    afterAll(async () => {
      await envoy?.stop()
      await vigil?.stop()
      for (const server of servers) {
        server.closeAllConnections()
        server.close()
      }
    })

    const seenBy = async (host: string) =>
      /<p id="seen">([^<]*)</.exec(await domOf(browser, `http://${host}:${ports.PAGE_PORT}/`))?.[1]

    test('a script of a configured origin can read a denial', async () => {
      expect(await seenBy('127.0.0.1')).toBe('403 Access denied')
    }, 60_000)

    test('a script of another origin learns only that its call failed', async () => {
      expect(await seenBy('localhost')).toBe('failed: TypeError')
    }, 60_000)

    test('a person sees a page', async () => {
      const dom = await domOf(browser, `http://127.0.0.1:${ports.LISTENER_PORT}/v1/x`)
      expect(dom).toContain('<h1>Authentication required</h1>')
      expect(dom).toMatch(/<code>[0-9a-f-]{36}<\/code>/)
    }, 60_000)
  })
})
