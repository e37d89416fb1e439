import Negotiator from 'negotiator'
import type { AnswerForm, Check } from '../model.ts'
import { isNavigation } from './navigation.ts'

/** gRPC-Web as its specification names it: `-text` is base64, for clients that cannot read bytes. */
const GRPC_WEB = /^application\/grpc-web(-text)?(?:$|[+;])/
/** Connect: unary calls in plain media types say so in a header, streams in their media type. */
const CONNECT_STREAM = /^application\/connect\+(json|proto)(?:$|;)/

/**
 * In which form this caller understands a refusal. Only refusals ask, so that a check that passes pays nothing.
 * @returns what a record told, where the check is made again from one
 */
export function formOf(check: Check): AnswerForm {
  if (check.form !== undefined) return check.form
  // Envoy's grpc_web filter has made it gRPC for Vigil, but Envoy's own answer is still that to a plain request.
  if (check.isGrpc) return check.headers.has('x-grpc-web') ? 'grpc-web' : 'grpc'
  if (isMcp(check)) return 'json-rpc'
  const contentType = check.headers.get('content-type')?.[0]
  return (contentType === undefined ? undefined : rpcForm(check, contentType)) ?? webForm(check)
}

/** In order of our preference, where the caller has none. */
const FORMS: ReadonlyMap<string, AnswerForm> = new Map([
  ['application/problem+json', 'problem'],
  ['application/json', 'problem'],
  ['text/plain', 'text'],
  ['text/html', 'html'],
])
const TYPES = [...FORMS.keys()]
/** No browser's `Accept` is near this; a longer one is not read. */
const MOST_ACCEPT = 1024

/** RFC 9110 section 12.5.1. Who accepts none of our types is told in the default one. */
function webForm(check: Check): AnswerForm {
  if (isNavigation(check)) return 'navigation'
  const accept = check.headers.get('accept')?.join(',')
  if (accept === undefined || accept.length > MOST_ACCEPT) return 'problem'
  const [best = ''] = new Negotiator({ headers: { accept } }).mediaTypes(TYPES)
  return FORMS.get(best) ?? 'problem'
}

/** Also a client of an older version of MCP, which does not name its method, wants JSON-RPC. */
const isMcp = ({ method, headers }: Check) =>
  method === 'POST' && (headers.has('mcp-method') || headers.has('mcp-protocol-version'))

function rpcForm(check: Check, contentType: string): AnswerForm | undefined {
  const web = GRPC_WEB.exec(contentType)
  if (web !== null) return web[1] === undefined ? 'grpc-web' : 'grpc-web-text'
  const encoding = CONNECT_STREAM.exec(contentType)?.[1]
  if (encoding !== undefined) return encoding === 'proto' ? 'connect+proto' : 'connect+json'
  return check.headers.has('connect-protocol-version') ? 'connect' : undefined
}
