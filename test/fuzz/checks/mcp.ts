/** What a client of an MCP server sends besides the body: the headers that tell which tool it calls. */
import type { Draft } from './draft.ts'
import type { ActionSettings, World } from './settings.ts'

export const isAtMcp = ({ path }: Pick<Draft, 'path'>): boolean => /^(\/v1)?\/mcp$/.test(path)

/** The form for names that a header cannot hold, and that any name may have. */
export const inBase64 = (text: string | Uint8Array): string =>
  `=?base64?${Buffer.from(text).toString('base64')}?=`

const OTHER_METHODS = ['tools/list', 'initialize', 'notifications/initialized', 'resources/read'] as const

/** A POST to MCP is a call of one of the tools of the action, or no call where it has none. */
export function addMcpHeaders(draft: Draft, action: ActionSettings, world: World, n: number): void {
  if (draft.method !== 'POST' || !isAtMcp(draft)) return
  const versions = world.settings.context.mcp?.versions ?? []
  const { mcpTools: tools } = action.match
  const tool = tools?.[n % tools.length]?.replace('*', 'anything')
  const isPlain = tool !== undefined && /^[ -~]+$/.test(tool) && n % 4 !== 3
  draft.headers.push(
    ['mcp-protocol-version', versions[n % Math.max(1, versions.length)] ?? ''],
    ['mcp-method', tool === undefined ? (OTHER_METHODS[n % OTHER_METHODS.length] ?? '') : 'tools/call'],
  )
  if (tool !== undefined) draft.headers.push(['mcp-name', isPlain ? tool : inBase64(tool)])
}
