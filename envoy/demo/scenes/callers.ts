import { readDetails } from '../../../test/harness/rpc-status.ts'
import { type Credential, logIn, machineToken } from '../credentials.ts'
import type { Act, Scene } from '../scene.ts'
import { explain } from '../why.ts'
import { passage } from './played.ts'

const CARD = '/v1/accounts/A-100/card'
const COOKIE = '__Host-session'
/** What a browser sends when somebody opens a page. */
const OPENS_PAGE = { accept: 'text/html', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' }

/** To the login and back: the second scene follows the redirect of the first. */
function browser(): Scene[] {
  let before: Credential | undefined
  let login: URL | undefined
  return [
    {
      name: 'A browser that must log in again',
      request: 'alice’s browser opens the page with her card number; her login was by password',
      expected: '302 to the application’s login, which is told what is needed and where to come back to',
      play: async ({ client, issuer }) => {
        before = await logIn(issuer.url, { user: 'alice' })
        const ask = { path: CARD, credential: before, cookie: COOKIE, headers: OPENS_PAGE }
        const told = await client.send(ask)
        const location = told.value('location')
        if (location === undefined) throw new Error(`${told.status}, and no redirect`)
        login = new URL(location)
        const [acr, back] = [login.searchParams.get('acr'), login.searchParams.get('return_to')]
        return {
          got: `${told.status} to ${login.origin}${login.pathname}, acr: ${acr}, return_to: ${back}`,
          why: await explain(await told.record()),
          isAsExpected:
            told.status === 302 &&
            login.href.startsWith('https://app.demo.example/login?') &&
            acr === 'phr mfa' &&
            back === client.url({ path: CARD }) &&
            told.echo === undefined,
        }
      },
    },
    {
      name: 'The browser comes back',
      request: 'the login page does what it was told, alice uses her passkey, and the browser returns',
      expected: '200',
      play: async ({ client, issuer }) => {
        const [acr, back] = [login?.searchParams.get('acr'), login?.searchParams.get('return_to')]
        if (!acr || !back) throw new Error('no redirect told the login what to do')
        const path = new URL(back).pathname
        const credential = await logIn(issuer.url, { user: 'alice', acr, ...(before && { again: before }) })
        const told = await client.send({ path, credential, cookie: COOKIE, headers: OPENS_PAGE })
        return passage(told, `the application saw x-vigil-acr: ${told.echo?.headers['x-vigil-acr']}`)
      },
    },
  ]
}

const RATE = '/demo.rates.v1.Rates/GetRate'
/** A request message without any field: not compressed, zero bytes long. */
const EMPTY_MESSAGE = new Uint8Array(5)
/** RESOURCE_EXHAUSTED */
const EXHAUSTED = '8'
/** More than the limit in vigil.yaml, also where a minute ends in between. */
const MOST_CALLS = 15

const grpc: Scene = {
  name: 'A gRPC caller that is too eager',
  request: 'a job asks for an exchange rate over gRPC, again and again; 5 a minute are allowed',
  expected: 'grpc-status 8, and in its details how long to wait, for programs',
  play: async ({ client, issuer }) => {
    const credential = await machineToken(issuer.url, ['reports.read'])
    const headers = { 'content-type': 'application/grpc', te: 'trailers' }
    const call = {
      method: 'POST',
      path: RATE,
      credential,
      headers,
      body: EMPTY_MESSAGE,
      isHttp2: true,
    } as const
    for (let passed = 0; passed < MOST_CALLS; passed++) {
      const told = await client.send(call)
      const status = told.value('grpc-status')
      if (status === '0') continue
      const { RetryInfo } = readDetails(told.value('grpc-status-details-bin') ?? '')
      const wait = (RetryInfo as { retry_delay?: { seconds?: number } } | undefined)?.retry_delay?.seconds
      return {
        got: `${passed} calls OK, then grpc-status ${status} (RESOURCE_EXHAUSTED), grpc-status-details-bin: retry after ${wait} s`,
        why: await explain(await told.record()),
        isAsExpected: passed >= 5 && status === EXHAUSTED && Number(wait) > 0 && told.echo === undefined,
      }
    }
    throw new Error(`${MOST_CALLS} calls passed`)
  },
}

export const callersAct: Act = {
  title: 'Does every kind of caller understand the answer?',
  scenes: [...browser(), grpc],
}
