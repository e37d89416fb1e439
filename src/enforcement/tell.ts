import { formOf } from '../lib/form.ts'
import type { AnswerForm, Check, HeaderPair } from '../model.ts'
import { type Cors, corsHeaders } from './cors.ts'
import { tellPage } from './page.ts'
import { type RpcError, rpcCode } from './rpc-error.ts'
import { tellConnect, tellConnectStream } from './tell-connect.ts'
import { tellGrpc, tellGrpcWeb, tellGrpcWebText } from './tell-grpc.ts'

/** The part of an Answer that the caller sees. */
export interface Refusal {
  readonly status: number
  readonly headers: readonly HeaderPair[]
  readonly body: string
}

/** A refusal before it takes the form of its caller. */
export interface Told {
  readonly status: number
  /** Challenge, nonce, wait: they go with every form. */
  readonly headers: readonly HeaderPair[]
  /** Problem details (RFC 9457) without `instance`. */
  readonly body: Readonly<Record<string, unknown>>
  readonly rpc: Omit<RpcError, 'code'>
}

/** The part of the configuration that is told with every refusal. */
export interface TellConfig {
  readonly cors: Cors | undefined
}

/** What a form adds to the headers that every refusal has, and its status where it has one of its own. */
interface Form {
  readonly status?: number
  readonly headers: readonly HeaderPair[]
  readonly body: string
}

const FORMS: Readonly<Record<AnswerForm, (told: Told, error: RpcError, check: Check) => Form>> = {
  problem: (told, _error, check) => ({
    headers: [['content-type', 'application/problem+json']],
    body: JSON.stringify(problemOf(told, check)),
  }),
  'json-rpc': (told, _error, check) => ({
    headers: [['content-type', 'application/json']],
    body: JSON.stringify(jsonRpcOf(told, problemOf(told, check))),
  }),
  html: (told, _error, check) => tellPage(told, check),
  navigation: (told, _error, check) => tellPage(told, check),
  text: (told, _error, check) => ({
    headers: [['content-type', 'text/plain; charset=utf-8']],
    body: `${told.body['title']}\nDecision: ${check.id}\n`,
  }),
  grpc: (told, error) => tellGrpc(told.status, error),
  'grpc-web': (_told, error) => tellGrpcWeb(error),
  'grpc-web-text': (_told, error) => tellGrpcWebText(error),
  connect: (_told, error) => tellConnect(error),
  'connect+json': (_told, error) => tellConnectStream(error, 'json'),
  'connect+proto': (_told, error) => tellConnectStream(error, 'proto'),
}

const problemOf = ({ body }: Told, check: Check) => ({ ...body, instance: `urn:uuid:${check.id}` })

/** MCP leaves -32000 to -32019 to implementations; the others are those of JSON-RPC 2.0 section 5.1. */
const JSON_RPC_CODES: Readonly<Record<number, number>> = { 400: -32_600, 503: -32_603 }
const REFUSED = -32_001

/** The id of the call stands in the body, which nobody here has read. */
const jsonRpcOf = ({ status, body }: Told, data: object) => ({
  jsonrpc: '2.0',
  id: null,
  error: { code: JSON_RPC_CODES[status] ?? REFUSED, message: body['title'], data },
})

/** Told as this caller understands it, with what every refusal carries. */
export function tell(told: Told, check: Check, config: TellConfig): Refusal {
  const form = formOf(check)
  const metadata = { ...told.rpc.metadata, decision_id: check.id }
  const made = FORMS[form](told, { ...told.rpc, code: rpcCode(told.status), metadata }, check)
  const headers = [...told.headers, ...common(check, config)]
  // A script can read these only if told (RFC 9449 section 8, DPOP-19).
  if (check.headers.has('origin')) headers.push(['access-control-expose-headers', EXPOSED[form] ?? READABLE])
  return { status: made.status ?? told.status, headers: [...headers, ...made.headers], body: made.body }
}

/** A browser goes there instead (RFC 9110 section 15.4.3). */
export function tellLocation(location: string, check: Check, config: TellConfig): Refusal {
  const headers: readonly HeaderPair[] = [['location', location], ...common(check, config)]
  return { status: 302, headers, body: '' }
}

/** What goes with every answer, whatever its form. */
function common(check: Check, config: TellConfig): readonly HeaderPair[] {
  const headers: HeaderPair[] = [['cache-control', 'no-store']]
  const requestId = check.headers.get('x-request-id')?.[0]
  if (requestId !== undefined && /^[\x21-\x7e]{1,128}$/.test(requestId))
    headers.push(['x-request-id', requestId])
  if (config.cors !== undefined) headers.push(...corsHeaders(check, config.cors))
  return headers
}

const READABLE = 'WWW-Authenticate, DPoP-Nonce, Retry-After'
const GRPC_READABLE = `${READABLE}, grpc-status, grpc-message, grpc-status-details-bin`
const EXPOSED: Partial<Record<AnswerForm, string>> = {
  grpc: GRPC_READABLE,
  'grpc-web': GRPC_READABLE,
  'grpc-web-text': GRPC_READABLE,
}
