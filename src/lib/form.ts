import type { AnswerForm, Check } from '../model.ts'

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
  if (check.isGrpc) return 'grpc'
  const contentType = check.headers.get('content-type')?.[0]
  return (contentType === undefined ? undefined : rpcForm(check, contentType)) ?? 'problem'
}

function rpcForm(check: Check, contentType: string): AnswerForm | undefined {
  const web = GRPC_WEB.exec(contentType)
  if (web !== null) return web[1] === undefined ? 'grpc-web' : 'grpc-web-text'
  const encoding = CONNECT_STREAM.exec(contentType)?.[1]
  if (encoding !== undefined) return encoding === 'proto' ? 'connect+proto' : 'connect+json'
  return check.headers.has('connect-protocol-version') ? 'connect' : undefined
}
