import { type RawRequest, sendHttp1 } from '../../test/harness/http.ts'
import { type Credential, proofFor } from './credentials.ts'
import type { Files } from './files.ts'
import type { Ports } from './ports.ts'
import { type AuditRecord, recordOf } from './record.ts'
import type { Echo, Upstream } from './upstream.ts'

/** One request of a client to Envoy. */
export interface Ask {
  readonly method?: 'GET' | 'POST'
  readonly path: string
  readonly credential?: Credential
  /** The DPoP proof to send; absent: a fresh one when the token is bound to a key. */
  readonly proof?: string | 'none'
  readonly headers?: Readonly<Record<string, string>>
  /** Goes through the TLS listener, with the client certificate of this name. */
  readonly certificate?: 'alice' | 'mallory'
}

/** What came back, and what the rest of the house knows of it. */
export interface Told {
  readonly status: number
  value(header: string): string | undefined
  values(header: string): readonly string[]
  readonly body: string
  /** What the application saw; absent when the request never got there. */
  readonly echo?: Echo
  /** Vigil's record, joined by the decision id that the answer carries. */
  record(): Promise<AuditRecord>
}

/** Sends requests through Envoy. */
export interface Client {
  /** The URL of a path as a client knows it; a DPoP proof names it. */
  url(ask: Ask): string
  send(ask: Ask): Promise<Told>
}

export function createClient(ports: Ports, files: Files, upstream: Upstream): Client {
  const url = ({ path, certificate }: Ask) =>
    certificate === undefined
      ? `http://127.0.0.1:${ports.PLAIN_PORT}${path}`
      : `https://127.0.0.1:${ports.TLS_PORT}${path}`
  const send = async (ask: Ask): Promise<Told> => {
    const before = upstream.seen()
    const response = await sendHttp1({
      ...rawRequest(ask, ports, files),
      headers: await headersOf(ask, url(ask)),
    })
    const echo = upstream.seen() > before ? (JSON.parse(response.body) as Echo) : undefined
    const decisionId = () => echo?.headers['x-vigil-decision'] ?? idIn(response.body)
    return {
      status: response.status,
      value: response.value,
      values: response.values,
      body: response.body,
      ...(echo && { echo }),
      record: async () => recordOf(files.records, decisionId()),
    }
  }
  return { url, send }
}

function rawRequest(ask: Ask, ports: Ports, files: Files): RawRequest {
  const { certificate, path, method = 'GET' } = ask
  const common = { method, path, ...(method === 'POST' && { body: '{"amount":250}' }) }
  if (certificate === undefined) return { ...common, port: ports.PLAIN_PORT }
  const tls = {
    ca: files.pem('ca.crt'),
    cert: files.pem(`${certificate}.crt`),
    key: files.pem(`${certificate}.key`),
  }
  return { ...common, port: ports.TLS_PORT, tls }
}

async function headersOf(ask: Ask, url: string): Promise<readonly (readonly [string, string])[]> {
  const { credential, proof, method = 'GET' } = ask
  const headers: [string, string][] = [['host', new URL(url).host], ...Object.entries(ask.headers ?? {})]
  if (credential === undefined) return headers
  headers.push(['authorization', `${credential.scheme} ${credential.token}`])
  if (proof === 'none' || credential.key === undefined) return headers
  headers.push(['dpop', proof ?? (await proofFor(credential, { method, url }))])
  return headers
}

/** The decision id in a problem body; an answer without one has no record to be joined with. */
function idIn(body: string): string {
  const id = /"instance":"urn:uuid:([0-9a-f-]{36})"/.exec(body)?.[1]
  if (id === undefined) throw new Error(`the answer names no decision: ${body.slice(0, 200)}`)
  return id
}
