/** A shop with its own login route behind Envoy, and the issuer it sends people to: what a round trip of a browser needs. */
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import { mintAccessToken } from '../harness/tokens.ts'

export const SHOP = 'https://api.example.com'
export const IDP = 'https://idp.example.com'
export const COOKIE = '__Host-session'

const page = (response: ServerResponse, html: string) => {
  response.setHeader('content-type', 'text/html; charset=utf-8')
  response.end(`<!doctype html><meta name="viewport" content="width=device-width">${html}`)
}
const redirect = (response: ServerResponse, location: string) => response.writeHead(302, { location }).end()
const escaped = (text: string) => text.replace(/[<>&"]/g, (c) => `&#${c.charCodeAt(0)};`)

/** Logins that were made, by their code: when each was. */
const codes = new Map<string, number>()
let logins = 0

/** Remembers people: who has logged in before is asked again only where `max_age` says so. */
export const issuer: RequestListener = (request, response) => {
  const asked = new URL(request.url ?? '/', IDP)
  if (asked.pathname === '/login') return finish(asked, response, 0)
  if (!asked.searchParams.has('max_age')) return finish(asked, response, 400)
  page(response, `<h1>Log in</h1><form action="/login">${hidden(asked)}<button>I am alice</button></form>`)
}

const hidden = (asked: URL) =>
  `<input type="hidden" name="state" value="${escaped(asked.searchParams.get('state') ?? '')}">`

function finish(asked: URL, response: ServerResponse, secondsAgo: number): void {
  const code = `code-${++logins}`
  codes.set(code, Math.floor(Date.now() / 1000) - secondsAgo)
  redirect(
    response,
    `${SHOP}/callback?${new URLSearchParams({ code, state: asked.searchParams.get('state') ?? '' })}`,
  )
}

/** The application: it knows nothing of Vigil but the identity headers. */
export const shop: RequestListener = (request, response) => {
  const asked = new URL(request.url ?? '/', SHOP)
  if (asked.pathname === '/login') return logIn(asked, response)
  if (asked.pathname === '/callback') return comeBack(asked, response)
  cors(request, response)
  if (asked.pathname.startsWith('/v1/')) return void response.end('{}')
  const who = request.headers['x-vigil-subject'] ?? 'nobody'
  page(response, `<h1>Hello ${escaped(String(who))}</h1><p>${escaped(request.url ?? '')}</p>`)
}

/** The login route that `enforcement.loginUrl` names. */
function logIn(asked: URL, response: ServerResponse): void {
  const maxAge = asked.searchParams.get('max_age')
  const state = asked.searchParams.get('return_to') ?? SHOP
  redirect(response, `${IDP}/authorize?${new URLSearchParams({ state, ...(maxAge && { max_age: maxAge }) })}`)
}

function comeBack(asked: URL, response: ServerResponse): void {
  const back = asked.searchParams.get('state') ?? ''
  const at = codes.get(asked.searchParams.get('code') ?? '')
  // To addresses of its own only.
  if (at === undefined || !back.startsWith(`${SHOP}/`)) return void response.writeHead(400).end()
  const iat = Math.floor(Date.now() / 1000) - 1
  const token = mintAccessToken({ claims: { iat, exp: iat + 600, auth_time: at, sid: 'browser' } })
  // The worst case: a cookie for what any site makes the browser ask, as far as the browser itself does not keep it.
  response.setHeader('set-cookie', `${COOKIE}=${token}; Path=/; Secure; HttpOnly; SameSite=None`)
  redirect(response, back)
}

function cors({ headers }: IncomingMessage, response: ServerResponse): void {
  response.setHeader('access-control-allow-origin', headers.origin ?? '')
  response.setHeader('access-control-allow-credentials', 'true')
}
