/** A person in a real browser, from the first visit over a login and a step-up, and the pages of others. */
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import type { RequestListener, Server } from 'node:http'
import { createServer } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { makeEdgeCerts } from '../../scripts/certs/make.ts'
import { ROOT } from '../../scripts/root.ts'
import { DEFAULT_ENVOY } from '../../scripts/tools/catalog.ts'
import type { AuditRecord } from '../../src/audit/record.ts'
import { type BrowserSession, openBrowser } from '../harness/browser-session.ts'
import { type Envoy, PATIENT_DEADLINE, startEnvoy } from '../harness/envoy.ts'
import { freePorts } from '../harness/ports.ts'
import { issuerOf } from '../harness/tokens.ts'
import { describeWithBrowser, describeWithEnvoy } from '../harness/tools.ts'
import { startVigil, type VigilProcess } from '../harness/vigil.ts'
import { waitUntil } from '../harness/wait.ts'
import { type SocketApp, startSocketApp } from '../harness/websocket.ts'
import { COOKIE, IDP, issuer, SHOP, shop } from './shop.ts'

const APP = 'https://app.example.com'
/** Of the same site, so that browsers send it cookies that they keep from strangers. */
const NEIGHBOUR = 'https://neighbour.example.com'

const settingsOf = (records: string) => ({
  entrypoints: [{ name: 'gateway', externalOrigins: [SHOP] }],
  identity: { issuers: [issuerOf({ cookie: { name: COOKIE, allowedOrigins: [APP] } })] },
  actions: [
    { name: 'login', match: { methods: ['GET'], paths: ['/login', '/callback'] }, anonymous: true },
    { name: 'read', match: { methods: ['GET'], paths: ['/account', '/v1/{rest...}'] }, sensitivity: 'low' },
    { name: 'write', match: { methods: ['POST'], paths: ['/v1/{rest...}'] }, sensitivity: 'low' },
    {
      name: 'pay',
      match: { methods: ['GET'], paths: ['/pay'] },
      sensitivity: 'low',
      authentication: { maxAgeSeconds: 300 },
    },
  ],
  policy: [{ name: 'closed', when: 'request.path == "/v1/closed"', effect: 'deny' }],
  enforcement: {
    cors: { origins: [APP], credentials: true },
    loginUrl: '/login?max_age={max_age}&return_to={return_to}',
  },
  audit: { sinks: [{ kind: 'file', path: records }] },
})

describeWithBrowser('a person', (chromium) => {
  describeWithEnvoy('through Envoy', DEFAULT_ENVOY, (binary) => {
    let folder: string
    let vigil: VigilProcess
    let envoy: Envoy
    let sockets: SocketApp
    let browser: BrowserSession
    const servers: Server[] = []

    const listen = async (server: Server, port: number, answer: RequestListener) => {
      servers.push(server.on('request', answer).listen(port, '127.0.0.1'))
      await once(server, 'listening')
    }

    beforeAll(async () => {
      const ports = await freePorts('ADMIN_PORT', 'LISTENER_PORT', 'APP_PORT', 'IDP_PORT', 'PAGE_PORT')
      folder = mkdtempSync(join(tmpdir(), 'vigil-login-'))
      const certs = join(folder, 'envoy', 'certs')
      makeEdgeCerts(certs)
      const pem = (name: string) => readFileSync(join(certs, name), 'utf8')
      const tls = { cert: pem('server.crt'), key: pem('server.key') }
      vigil = await startVigil({
        config: settingsOf(join(folder, 'records.jsonl')),
        server: PATIENT_DEADLINE,
      })
      sockets = await startSocketApp(ports.APP_PORT, shop)
      await listen(createServer(tls), ports.IDP_PORT, issuer)
      await listen(createServer(tls), ports.PAGE_PORT, (_request, response) => {
        response.setHeader('content-type', 'text/html')
        response.end('<!doctype html><h1>a page of another origin</h1>')
      })
      const bootstrap = join(ROOT, 'envoy', 'edge.yaml')
      const all = { ...ports, VIGIL_PORT: vigil.port }
      envoy = await startEnvoy({ bootstrap, ports: all, binary, cwd: folder, isPatient: true })
      browser = await openBrowser(chromium, {
        'api.example.com': `127.0.0.1:${ports.LISTENER_PORT}`,
        'idp.example.com': `127.0.0.1:${ports.IDP_PORT}`,
        'app.example.com': `127.0.0.1:${ports.PAGE_PORT}`,
        'neighbour.example.com': `127.0.0.1:${ports.PAGE_PORT}`,
      })
    }, 90_000)

    afterAll(async () => {
      await browser?.close()
      await envoy?.stop()
      await sockets?.stop()
      await vigil?.stop()
      for (const server of servers) {
        server.closeAllConnections()
        server.close()
      }
      rmSync(folder, { recursive: true, force: true })
    })

    const text = () => browser.evaluate('document.body.innerText') as Promise<string>
    const address = () => browser.evaluate('location.href')
    /** For whoever wants to look: VIGIL_SCREENSHOTS names a folder. */
    async function picture(name: string): Promise<void> {
      const to = process.env['VIGIL_SCREENSHOTS']
      if (to !== undefined) writeFileSync(join(to, `${name}.png`), await browser.screenshot())
    }
    const records = () =>
      readFileSync(join(folder, 'records.jsonl'), 'utf8')
        .split('\n')
        .slice(0, -1)
        .map((line) => JSON.parse(line) as AuditRecord)
    /** A check of this path that ended so. */
    const recorded = (path: string, status: number) =>
      waitUntil(`a record of ${path} with ${status}`, 5000, () =>
        records().findLast(({ request, status: told }) => request.path === path && told === status),
      )

    test('is told to log in, logs in at the issuer and sees the page', async () => {
      await browser.open(`${SHOP}/account?tab=orders`)
      expect(await text()).toContain('Authentication required')
      await picture('no-login')
      await browser.open(`${SHOP}/login?return_to=${encodeURIComponent(`${SHOP}/account?tab=orders`)}`)
      await browser.arrive(`${SHOP}/account`)
      expect(await text()).toContain('Hello alice')
      expect(await address()).toBe(`${SHOP}/account?tab=orders`)
      await picture('logged-in')
    }, 60_000)

    test('is sent to a fresh login by a step-up, and comes back to the very page', async () => {
      const wanted = `${SHOP}/pay?to=7&note=a%20b&note=%C3%A9`
      await browser.open(wanted)
      await browser.arrive(`${IDP}/authorize`)
      expect(await text()).toContain('Log in')
      await picture('step-up')
      await browser.evaluate(`document.querySelector('button').click()`)
      await browser.arrive(`${SHOP}/pay`)
      expect(await address()).toBe(wanted)
      expect(await text()).toContain('Hello alice')
      await picture('came-back')
      expect(JSON.stringify(records())).not.toContain('note=')
    }, 60_000)

    test('that is denied sees a page that says so', async () => {
      await browser.open(`${SHOP}/v1/closed`)
      expect(await text()).toContain('Access denied')
      await picture('denied')
    }, 60_000)

    const fetched = (path: string, method = 'GET') =>
      browser.evaluate(`fetch('${SHOP}${path}', { method: '${method}', credentials: 'include' })
        .then(async (r) => r.status + ' ' + ((await r.json()).title ?? ''), (e) => 'failed: ' + e.name)`)
    const socket = () =>
      browser.evaluate(`new Promise((done) => {
        const socket = new WebSocket('${SHOP.replace('https', 'wss')}/v1/chat')
        socket.onmessage = ({ data }) => done('open as ' + JSON.parse(data)['x-vigil-subject'])
        socket.onclose = ({ code }) => done('closed with ' + code)
      })`)

    test('on a page of the app: its script passes, reads a denial, and opens a WebSocket', async () => {
      await browser.open(`${APP}/`)
      expect(await fetched('/v1/items')).toBe('200 ')
      expect(await fetched('/v1/items', 'POST')).toBe('200 ')
      expect(await fetched('/v1/closed')).toBe('403 Access denied')
      expect(await socket()).toBe('open as alice')
    }, 60_000)

    test('on a page of a neighbour: its script changes nothing, reads nothing and opens nothing', async () => {
      await browser.open(`${NEIGHBOUR}/`)
      sockets.seen.length = 0
      expect(await fetched('/v1/closed')).toBe('failed: TypeError')
      expect(await fetched('/v1/changed', 'POST')).toBe('failed: TypeError')
      expect(await socket()).toBe('closed with 1006')
      expect(sockets.seen).toEqual([])
      // The browser did send the cookie: it is Vigil that stopped it.
      for (const path of ['/v1/changed', '/v1/chat']) {
        const { decision } = await recorded(path, 403)
        expect(decision.reasons).toEqual(['identity.cookie.cross-site'])
      }
    }, 60_000)
  })
})
