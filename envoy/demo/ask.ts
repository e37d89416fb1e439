import { type RawRequest, sendHttp1, sendHttp2 } from '../../test/harness/http.ts'
import { type Credential, proofFor } from './credentials.ts'
import type { Files } from './files.ts'
import type { Place } from './places.ts'
import type { Ports } from './ports.ts'
import { type AuditRecord, recordOf } from './record.ts'
import type { Echo, Upstream } from './upstream.ts'

/** One request of a client to Envoy. */
export interface Ask {
  readonly method?: 'GET' | 'POST'
  readonly path: string
  readonly credential?: Credential
  /** The token comes in this cookie and not in `authorization`, as a browser would send it. */
  readonly cookie?: string
  /** The DPoP proof to send; absent: a fresh one when the token is bound to a key. */
  readonly proof?: string | 'none'
  readonly headers?: Readonly<Record<string, string>>
  /** Of a POST; absent: an amount of money. */
  readonly body?: string | Uint8Array
  /** Goes through the TLS listener, with the client certificate of this name. */
  readonly certificate?: 'alice' | 'mallory'
  /** Goes through the load balancer, which tells that the client is there. */
  readonly from?: Place
  /** Over HTTP/2, as gRPC needs it. */
  readonly isHttp2?: boolean
}

/** What came back, and what the rest of the house knows of it. */
export interface Told {
  readonly status: number
  value(header: string): string | undefined
  values(header: string): readonly string[]
  readonly body: string
  /** What the application saw; absent when the request never got there. */
  readonly echo?: Echo
  /** Vigil's record, joined by the decision id or, where an answer has no room for it, by the request id. */
  record(): Promise<AuditRecord>
}

/** Sends requests through Envoy. */
export interface Client {
  /** The URL of a path as a client knows it; a DPoP proof names it. */
  url(ask: Ask): string
  send(ask: Ask): Promise<Told>
}

export function createClient(ports: Ports, files: Files, upstream: Upstream): Client {
  const url = (ask: Ask) => {
    const scheme = ask.certificate === undefined ? 'http' : 'https'
    return `${scheme}://127.0.0.1:${portOf(ask, ports)}${ask.path}`
  }
  const send = async (ask: Ask): Promise<Told> => {
    const before = upstream.last()
    const request = { ...rawRequest(ask, ports, files), headers: await headersOf(ask, url(ask)) }
    const response = await (ask.isHttp2 === true ? sendHttp2 : sendHttp1)(request)
    const after = upstream.last()
    const echo = after === before ? undefined : after
    const id = () =>
      echo?.headers['x-vigil-decision'] ?? idIn(response.body) ?? response.value('x-request-id')
    return {
      status: response.status,
      value: response.value,
      values: response.values,
      body: response.body,
      ...(echo && { echo }),
      record: async () => recordOf(files.records, id()),
    }
  }
  return { url, send }
}

function portOf({ certificate, from }: Ask, ports: Ports): number {
  if (certificate !== undefined) return ports.TLS_PORT
  return from === undefined ? ports.PLAIN_PORT : ports.PROXIED_PORT
}

function rawRequest(ask: Ask, ports: Ports, files: Files): RawRequest {
  const { certificate, path, method = 'GET', body = '{"amount":250}' } = ask
  const common = { method, path, port: portOf(ask, ports), ...(method === 'POST' && { body }) }
  if (certificate === undefined) return common
  const tls = {
    ca: files.pem('ca.crt'),
    cert: files.pem(`${certificate}.crt`),
    key: files.pem(`${certificate}.key`),
  }
  return { ...common, tls }
}

type Header = readonly [string, string]

async function headersOf(ask: Ask, url: string): Promise<readonly Header[]> {
  const { credential, from, isHttp2 } = ask
  return [
    [isHttp2 === true ? ':authority' : 'host', new URL(url).host],
    ...(from === undefined ? [] : [['x-forwarded-for', from.ip] as const]),
    ...Object.entries(ask.headers ?? {}),
    ...(credential === undefined ? [] : await shown(credential, ask, url)),
  ]
}

async function shown(credential: Credential, ask: Ask, url: string): Promise<readonly Header[]> {
  const { cookie, proof, method = 'GET' } = ask
  if (cookie !== undefined) return [['cookie', `${cookie}=${credential.token}`]]
  const token: Header = ['authorization', `${credential.scheme} ${credential.token}`]
  if (proof === 'none' || credential.key === undefined) return [token]
  return [token, ['dpop', proof ?? (await proofFor(credential, { method, url }))]]
}

/** The decision id in a problem body. */
const idIn = (body: string): string | undefined => /"instance":"urn:uuid:([0-9a-f-]{36})"/.exec(body)?.[1]
