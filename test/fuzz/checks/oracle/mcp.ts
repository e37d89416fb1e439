/** What the headers of an MCP request say that it calls: docs/actions.md, and MCP 2026-07-28 for the form of names. */
import { only, type Seen } from './seen.ts'

/** `unreadable`: nobody may conclude anything from them. */
export type Call = { readonly tool: string } | 'no call' | 'unreadable'

export function callOf(seen: Seen, versions: readonly string[]): Call {
  const [version, method, name] = ['mcp-protocol-version', 'mcp-method', 'mcp-name'].map((each) =>
    only(seen, each),
  )
  if (version === undefined || !versions.includes(version) || method === undefined) return 'unreadable'
  if (method !== 'tools/call') return isMethod(method) ? 'no call' : 'unreadable'
  const tool = name === undefined ? undefined : nameOf(name)
  return tool === undefined ? 'unreadable' : { tool }
}

/** Words of letters between slashes, the first in small ones, of which none reads like a call. */
function isMethod(method: string): boolean {
  const [first = '', ...others] = method.split('/')
  const isOfWords = /^[a-z]+$/.test(first) && others.every((word) => /^[A-Za-z_]+$/.test(word))
  return isOfWords && method.toLowerCase() !== 'tools/call'
}

function nameOf(text: string): string | undefined {
  if (!text.startsWith('=?')) {
    // A comma may be where two lines were joined.
    const isPlain = [...text].every((c) => c > ' ' && c <= '~' && c !== ',')
    return isPlain && text.length >= 1 && text.length <= 256 ? text : undefined
  }
  const [open, close] = ['=?base64?', '?=']
  if (!text.startsWith(open) || !text.endsWith(close) || text.length > 1100) return undefined
  return decoded(text.slice(open.length, -close.length))
}

/** Only what has one spelling: the very base64 of the very UTF-8 of a text. */
function decoded(base64: string): string | undefined {
  const bytes = Buffer.from(base64, 'base64')
  const name = bytes.toString('utf8')
  const isExact = Buffer.from(name, 'utf8').toString('base64') === base64
  return isExact && name !== '' && !/[\x00-\x1f\x7f]/.test(name) ? name : undefined
}
