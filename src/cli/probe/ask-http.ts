import { type ClientRequest, type IncomingMessage, request as requestHttp } from 'node:http'
import { request as requestHttps } from 'node:https'
import type { ClientTls } from '../../check/client.ts'
import type { HttpAnswer } from './attachment.ts'

export interface HttpQuestion {
  readonly url: URL
  /** The host that is asked for, where the URL names the address of a gateway. */
  readonly host: string | undefined
  readonly tls: ClientTls
  readonly timeoutMs: number
}

/** A problem is a few hundred bytes; of a page nobody reads more. */
const MAX_BODY = 16 * 1024

/** One GET on a connection of its own. Redirects are not followed: they are an answer. @throws why there was none */
export function askHttp({ url, host, tls, timeoutMs }: HttpQuestion): Promise<HttpAnswer> {
  const headers = {
    accept: 'application/problem+json',
    'user-agent': 'vigil-probe',
    'cache-control': 'no-cache',
    ...(host === undefined ? {} : { host }),
  }
  const name = tls.serverName ?? hostnameOf(host)
  const secured = {
    ca: tls.ca,
    cert: tls.cert,
    key: tls.key,
    ...(name === undefined ? {} : { servername: name }),
  }
  const options = { headers, agent: false as const, signal: AbortSignal.timeout(timeoutMs) }
  const asked =
    url.protocol === 'https:' ? requestHttps(url, { ...options, ...secured }) : requestHttp(url, options)
  return answerTo(asked.end(), timeoutMs)
}

const hostnameOf = (host: string | undefined) => host?.replace(/:\d+$/, '')

function answerTo(asked: ClientRequest, timeoutMs: number): Promise<HttpAnswer> {
  return new Promise((resolve, reject) => {
    const fail = (error: Error) =>
      reject(error.name === 'AbortError' ? new Error(`timed out after ${timeoutMs} ms`) : error)
    asked.on('error', fail)
    asked.on('response', (response) => {
      response.on('error', fail)
      readBody(response, (body) => {
        const headers = Object.fromEntries(
          Object.entries(response.headers).map(([key, value]) => [key, value?.toString()]),
        )
        resolve({ status: response.statusCode ?? 0, headers, body })
      })
    })
  })
}

function readBody(response: IncomingMessage, done: (body: string) => void): void {
  let body = ''
  const end = () => {
    done(body)
    response.destroy()
  }
  response.setEncoding('utf8')
  response.on('data', (chunk: string) => {
    body += chunk
    if (body.length > MAX_BODY) end()
  })
  response.on('end', end)
}
