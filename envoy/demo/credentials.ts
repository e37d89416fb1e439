import { createHash, randomBytes } from 'node:crypto'
import { generateKeyPair, generateProof, type KeyPair } from 'dpop'
import { CERTIFICATE_HEADER } from './issuer-configuration.ts'
import { AGENT, API, APP, CERTIFICATE_APP, JOB, REDIRECT_URI, type User } from './people.ts'

/** How somebody logs in, and what kind of token they want. */
export interface Login {
  readonly user: User
  readonly scopes?: readonly string[]
  /** Strength of the login: `pwd`, `mfa` or `phr`. */
  readonly acr?: string
  /** The device that the token will name. */
  readonly device?: string
  /** The API the token is for. */
  readonly audience?: string
  /** Binds the token to this key (DPoP, RFC 9449). */
  readonly key?: KeyPair
  /** Binds the token to this certificate (PEM, RFC 8705). */
  readonly certificate?: string
  /** An agent gets the token: the user has agreed that it acts for them. */
  readonly isForAgent?: boolean
  /** Logs in again in the browser of an earlier token, so in the same session. */
  readonly again?: Credential
}

/** An access token and what its holder needs to use it. */
export interface Credential {
  readonly scheme: 'Bearer' | 'DPoP'
  readonly token: string
  readonly key?: KeyPair
  readonly cookies: Map<string, string>
}

/** A fresh DPoP key pair. */
export function newKey(): Promise<KeyPair> {
  return generateKeyPair('ES256')
}

/** Authorization code with PKCE (RFC 7636), every redirect followed by hand. */
export async function logIn(issuer: string, login: Login): Promise<Credential> {
  const cookies = new Map(login.again?.cookies)
  const verifier = randomBytes(32).toString('base64url')
  const code = await authorize(issuer, login, verifier, cookies)
  const token = await redeem(issuer, login, {
    grant_type: 'authorization_code',
    client_id: clientOf(login),
    redirect_uri: REDIRECT_URI,
    code,
    code_verifier: verifier,
  })
  const scheme = login.key === undefined ? 'Bearer' : 'DPoP'
  return { scheme, token, cookies, ...(login.key && { key: login.key }) }
}

/** A machine's own token: client credentials, nobody logged in. */
export async function machineToken(issuer: string, scopes: readonly string[]): Promise<Credential> {
  const basic = Buffer.from(`${JOB.id}:${JOB.secret}`).toString('base64')
  const body = { grant_type: 'client_credentials', resource: API, scope: scopes.join(' ') }
  const token = await requestToken(issuer, body, { authorization: `Basic ${basic}` })
  return { scheme: 'Bearer', token, cookies: new Map() }
}

/** A DPoP proof for one request with this token. @throws Error when the holder has no key */
export function proofFor(
  { key, token }: Credential,
  { method, url }: { readonly method: string; readonly url: string },
): Promise<string> {
  if (key === undefined) throw new Error('this token is not bound to a key')
  return generateProof(key, url, method, undefined, token)
}

function clientOf(login: Login): string {
  if (login.isForAgent === true) return AGENT
  return login.certificate === undefined ? APP : CERTIFICATE_APP
}

async function authorize(
  issuer: string,
  login: Login,
  verifier: string,
  cookies: Map<string, string>,
): Promise<string> {
  const query = new URLSearchParams({
    response_type: 'code',
    client_id: clientOf(login),
    redirect_uri: REDIRECT_URI,
    scope: ['openid', ...(login.scopes ?? ['accounts.read'])].join(' '),
    resource: login.audience ?? API,
    prompt: 'login',
    login_hint: login.user,
    acr_values: login.acr ?? 'pwd',
    code_challenge: createHash('sha256').update(verifier).digest('base64url'),
    code_challenge_method: 'S256',
    ...(login.device && { device_id: login.device }),
  })
  let at = new URL(`${issuer}/auth?${query}`)
  for (let redirects = 0; redirects < 6; redirects++) {
    at = await follow(at, cookies)
    if (at.href.startsWith(REDIRECT_URI)) return codeIn(at)
  }
  throw new Error('the login never came back to the application')
}

/** One GET with the browser's cookies; the place it redirects to. */
async function follow(url: URL, cookies: Map<string, string>): Promise<URL> {
  const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ')
  const response = await fetch(url, {
    redirect: 'manual',
    headers: { cookie },
    signal: AbortSignal.timeout(10_000),
  })
  for (const line of response.headers.getSetCookie()) {
    const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? []
    cookies.set(name, value)
  }
  const location = response.headers.get('location')
  if (location === null)
    throw new Error(`login stopped at ${url.pathname}: ${response.status} ${await response.text()}`)
  return new URL(location, url)
}

function codeIn(callback: URL): string {
  const code = callback.searchParams.get('code')
  if (code === null) throw new Error(`login refused: ${callback.searchParams.get('error_description')}`)
  return code
}

async function redeem(issuer: string, login: Login, body: Record<string, string>): Promise<string> {
  const headers: Record<string, string> = {}
  if (login.key !== undefined) headers['dpop'] = await generateProof(login.key, `${issuer}/token`, 'POST')
  if (login.certificate !== undefined) headers[CERTIFICATE_HEADER] = encodeURIComponent(login.certificate)
  return requestToken(issuer, body, headers)
}

async function requestToken(
  issuer: string,
  body: Record<string, string>,
  headers: Record<string, string>,
): Promise<string> {
  const response = await fetch(`${issuer}/token`, {
    method: 'POST',
    headers,
    body: new URLSearchParams(body),
    signal: AbortSignal.timeout(10_000),
  })
  const answer = (await response.json()) as { access_token?: string; error_description?: string }
  if (answer.access_token === undefined)
    throw new Error(`no token: ${answer.error_description ?? response.status}`)
  return answer.access_token
}
