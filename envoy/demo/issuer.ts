import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AuthorizationCode, Context, Provider } from 'oidc-provider'
import { Keep } from './keep.ts'
import {
  API,
  APP,
  CERTIFICATE_APP,
  JOB,
  METHODS_OF,
  OTHER_API,
  PEOPLE,
  REDIRECT_URI,
  SCOPES,
} from './people.ts'

/** The demo's authorization server: a real one, in this process, on loopback. */
export interface Issuer {
  readonly url: string
  /** Answers a path before the authorization server sees it; used for the pages that hand tokens to curl. */
  page(path: string, handler: Page): void
  stop(): Promise<void>
}

export type Page = (url: URL) => Promise<string>

/** In which header the demo's client tells its certificate: this server has no TLS of its own to take it from. */
export const CERTIFICATE_HEADER = 'x-demo-client-certificate'

const TOKEN_SECONDS = 3600

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
  return { url, page: (path, handler) => void pages.set(path, handler), stop: () => stop(server) }
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

function configuration(devices: ReadonlyMap<string, string>): object {
  return {
    adapter: Keep,
    jwks: { keys: [signingKey()] },
    clientDefaults: { id_token_signed_response_alg: 'ES256' },
    clients: clients(),
    cookies: { keys: [randomBytes(32).toString('base64url')] },
    scopes: ['openid'],
    acrValues: Object.keys(METHODS_OF),
    // The app says on which device it runs; it ends in the token, so that Vigil can compare.
    extraParams: ['device_id'],
    findAccount: (_: Context, sub: string) => ({ accountId: sub, claims: () => ({ sub }) }),
    extraTokenClaims: ({ oidc }: Context) => tokenClaims(oidc.entities.AuthorizationCode, devices),
    interactions: { url: (_: Context, { uid }: { uid: string }) => `/interaction/${uid}` },
    ttl: {
      AccessToken: TOKEN_SECONDS,
      AuthorizationCode: 60,
      ClientCredentials: TOKEN_SECONDS,
      Grant: TOKEN_SECONDS,
      IdToken: TOKEN_SECONDS,
      Interaction: 60,
      Session: TOKEN_SECONDS,
    },
    features: {
      devInteractions: { enabled: false },
      userinfo: { enabled: false },
      rpInitiatedLogout: { enabled: false },
      clientCredentials: { enabled: true },
      dPoP: { enabled: true },
      mTLS: {
        enabled: true,
        certificateBoundAccessTokens: true,
        getCertificate: (context: Context) =>
          decodeURIComponent(context.get(CERTIFICATE_HEADER)) || undefined,
      },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => API,
        useGrantedResource: () => true,
        getResourceServerInfo: (_: Context, resource: string) => resourceServer(resource),
      },
    },
  }
}

/** RFC 9068 access tokens: JWT, `typ: at+jwt`, `aud` = the API that was asked for. */
function resourceServer(resource: string): object {
  if (![API, OTHER_API].includes(resource)) throw new Error(`no such API: ${resource}`)
  return {
    scope: SCOPES.join(' '),
    audience: resource,
    accessTokenFormat: 'jwt',
    jwt: { sign: { alg: 'ES256' } },
    accessTokenTTL: TOKEN_SECONDS,
  }
}

function signingKey(): object {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  return { ...privateKey.export({ format: 'jwk' }), kid: 'demo-1', alg: 'ES256', use: 'sig' }
}

function clients(): object[] {
  const app = {
    redirect_uris: [REDIRECT_URI],
    grant_types: ['authorization_code'],
    response_types: ['code'],
    token_endpoint_auth_method: 'none',
  }
  return [
    { ...app, client_id: APP },
    { ...app, client_id: CERTIFICATE_APP, tls_client_certificate_bound_access_tokens: true },
    {
      client_id: JOB.id,
      client_secret: JOB.secret,
      redirect_uris: [],
      response_types: [],
      grant_types: ['client_credentials'],
    },
  ]
}

/** What a token tells beyond RFC 9068's own members. A machine has no login, so nothing of this. */
function tokenClaims(code: AuthorizationCode | undefined, devices: ReadonlyMap<string, string>): object {
  if (code === undefined) return {}
  return {
    acr: code.acr,
    amr: code.amr,
    auth_time: code.authTime,
    sid: code.sessionUid,
    device_id: devices.get(code.grantId),
    accounts: PEOPLE[code.accountId]?.accounts,
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
    if (!(accountId in PEOPLE)) throw new Error('login_hint must be alice or bob')
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

async function servePage(page: Page, url: URL, response: ServerResponse): Promise<void> {
  try {
    const text = await page(url)
    response.writeHead(200, { 'content-type': 'text/plain', 'cache-control': 'no-store' }).end(text)
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
