import type { Check } from '../model.ts'

/**
 * What the headers of an MCP request say of its body (MCP 2026-07-28). `unknown`: nothing may be concluded from them,
 * because nothing forces the server to hold them against the body.
 */
export type ToolCall =
  | { readonly kind: 'tool'; readonly name: string }
  | { readonly kind: 'other' }
  | { readonly kind: 'unknown' }

const UNKNOWN: ToolCall = { kind: 'unknown' }
const OTHER: ToolCall = { kind: 'other' }

const CALL = 'tools/call'
const METHOD = /^[a-z]+(?:\/[a-zA-Z_]+)*$/
/** Visible ASCII without the comma: where one stands, two fields may have been joined. */
const PLAIN_NAME = /^[\x21-\x2b\x2d-\x7e]{1,256}$/
/** How a name is sent that a header cannot hold. */
const SENTINEL = /^=\?base64\?([A-Za-z0-9+/]{0,1024}={0,2})\?=$/
const CONTROL = /[\x00-\x1f\x7f]/
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/**
 * Reads `MCP-Protocol-Version`, `Mcp-Method` and `Mcp-Name`, each of which must stand there once.
 * @param versions those that make the server refuse a request whose headers and body disagree
 */
export function readToolCall({ headers }: Check, versions: ReadonlySet<string>): ToolCall {
  const version = onlyOne(headers.get('mcp-protocol-version'))
  const method = onlyOne(headers.get('mcp-method'))
  if (version === undefined || !versions.has(version)) return UNKNOWN
  if (method === undefined || !METHOD.test(method)) return UNKNOWN
  // Whoever reads it without case would see a call where we do not.
  if (method !== CALL) return method.toLowerCase() === CALL ? UNKNOWN : OTHER
  const name = decodeName(onlyOne(headers.get('mcp-name')))
  return name === undefined ? UNKNOWN : { kind: 'tool', name }
}

const onlyOne = (values: readonly string[] | undefined): string | undefined =>
  values?.length === 1 ? values[0] : undefined

/** MCP-07: the base64 form is decoded before it is compared. */
function decodeName(text: string | undefined): string | undefined {
  if (text === undefined || !text.startsWith('=?')) {
    return text !== undefined && PLAIN_NAME.test(text) ? text : undefined
  }
  const encoded = SENTINEL.exec(text)?.[1]
  if (encoded === undefined) return undefined
  const bytes = Buffer.from(encoded, 'base64')
  // Another spelling of the same bytes could be read in another way elsewhere.
  if (bytes.length === 0 || bytes.toString('base64') !== encoded) return undefined
  try {
    const name = utf8.decode(bytes)
    return CONTROL.test(name) ? undefined : name
  } catch {
    return undefined // Not UTF-8: a name that cannot be told is no name.
  }
}
