import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { Provider } from 'oidc-provider'
import { configuration } from './issuer-configuration.ts'
import { API, isUser, METHODS_OF, SCOPES } from './people.ts'

/** The demo's authorization server: a real one, in this process, on loopback. */
export interface Issuer {
  readonly url: string
  /** Answers a path before the authorization server sees it; its content type is text/plain where none is given. */
  page(path: string, handler: Handler, type?: string): void
  stop(): Promise<void>
}

export type Handler = (url: URL) => Promise<string>

interface Page {
  readonly handler: Handler
  readonly type: string
}

/** Starts the authorization server on this port of 127.0.0.1. */
export async function startIssuer(port: number): Promise<Issuer> {
  const url = `http://127.0.0.1:${port}`
  const devices = new Map<string, string>()
  const provider = await createProvider(url, devices)
  const answer = provider.callback()
  const pages = new Map<string, Page>()
  const server = createServer((request, response) => {
    const target = new URL(request.url ?? '/', url)
    const page = pages.get(target.pathname)
    if (page !== undefined) return void servePage(page, target, response)
    if (target.pathname.startsWith('/interaction/')) return void logIn(provider, devices, request, response)
    answer(request, response)
  })
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  const page: Issuer['page'] = (path, handler, type = 'text/plain') => void pages.set(path, { handler, type })
  return { url, page, stop: () => stop(server) }
}

async function createProvider(url: string, devices: ReadonlyMap<string, string>): Promise<Provider> {
  const { Provider } = await importQuietly()
  const provider = new Provider(url, configuration(devices))
  provider.on('server_error', (_, error) => console.error(`issuer: ${error.message}`))
  return provider
}

/** Its notice about the age of the runtime is for whoever deploys it; a reader of the demo cannot do anything with it. */
async function importQuietly(): Promise<typeof import('oidc-provider')> {
  const warn = console.warn
  console.warn = () => undefined
  try {
    return await import('oidc-provider')
  } finally {
    console.warn = warn
  }
}

/** The login page, filled in by the server itself: `login_hint` says who, `acr_values` how, `device_id` where. */
async function logIn(
  provider: Provider,
  devices: Map<string, string>,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  try {
    const { params } = await provider.interactionDetails(request, response)
    const accountId = params['login_hint'] ?? ''
    if (!isUser(accountId)) throw new Error('login_hint must be alice, bob or carol')
    const grant = new provider.Grant({ accountId, clientId: params['client_id'] ?? '' })
    grant.addOIDCScope('openid')
    grant.addResourceScope(params['resource'] ?? API, SCOPES.join(' '))
    const grantId = await grant.save()
    if (params['device_id'] !== undefined) devices.set(grantId, params['device_id'])
    const acr = params['acr_values']?.split(' ')[0] ?? 'pwd'
    const login = { accountId, acr, amr: METHODS_OF[acr] ?? [], ts: Math.floor(Date.now() / 1000) }
    await provider.interactionFinished(
      request,
      response,
      { login, consent: { grantId } },
      { mergeWithLastSubmission: false },
    )
  } catch (error) {
    fail(response, error)
  }
}

async function servePage({ handler, type }: Page, url: URL, response: ServerResponse): Promise<void> {
  try {
    const text = await handler(url)
    response.writeHead(200, { 'content-type': type, 'cache-control': 'no-store' }).end(text)
  } catch (error) {
    fail(response, error)
  }
}

function fail(response: ServerResponse, error: unknown): void {
  if (!response.headersSent) response.writeHead(400, { 'content-type': 'text/plain' })
  response.end(`${error instanceof Error ? error.message : String(error)}\n`)
}

async function stop(server: Server): Promise<void> {
  server.closeAllConnections()
  await new Promise((done) => server.close(done))
}
