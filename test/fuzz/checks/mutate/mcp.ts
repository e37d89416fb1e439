/** Changes of the headers by which an MCP request tells what it calls. */
import type { Draft, Pair } from '../draft.ts'
import { addMcpHeaders, inBase64, isAtMcp } from '../mcp.ts'
import type { ActionSettings } from '../settings.ts'
import { choose, goTo, type Mutator, type Mutators, rest } from './mutation.ts'

const TOOLS = ['refund', 'refund_all', 'list_orders', 'get_orders', 'drop_table', '*'] as const

type Respell = (tool: string, text: string) => string

const base64 = (text: string) => Buffer.from(text).toString('base64')

/** Other bits where none are looked at: in front of the padding. */
const nextBits = (encoded: string): string =>
  encoded.replace(/.(?==)/, (digit) => String.fromCharCode(digit.charCodeAt(0) + 1))

/** A name as it should be, and in forms that one reader might take for it and another not. */
const SPELLINGS: readonly [Respell, ...Respell[]] = [
  (tool) => tool,
  (tool) => inBase64(tool),
  (tool) => `=?base64?${base64(tool).replace(/=+$/, '')}?=`,
  (tool) => `=?BASE64?${base64(tool)}?=`,
  (tool) => `=?base64?${base64(tool)}`,
  (tool) => `=?base64?${base64(tool)} ?=`,
  (tool) => inBase64(inBase64(tool)),
  (tool) => inBase64(`${tool}\u0000`),
  (tool) => inBase64(`\ufeff${tool}`),
  (tool) => inBase64(Buffer.concat([Buffer.from(tool), Buffer.of(0xff)])),
  (tool) => `=?base64?${nextBits(base64(tool))}?=`,
  (tool) => `=?utf-8?q?${tool}?=`,
  (tool) => tool.toUpperCase(),
  (tool) => `${tool} `,
  (tool) => `"${tool}"`,
  (tool) => `${tool},list_orders`,
  (tool) => `${tool}\u0000`,
  (tool) => tool.repeat(60),
  (tool, text) => tool + text,
  (_tool, text) => text,
  () => '',
]

const METHODS = [
  'tools/list',
  'tools/call',
  'tools/Call',
  'Tools/Call',
  'TOOLS/CALL',
  'tools/call ',
  'tools/call,tools/list',
  'tools/list,tools/call',
  'tools//call',
  'tools%2fcall',
  '"tools/call"',
  'toolscall',
  '',
] as const

const VERSIONS = [
  '2025-11-25',
  '2025-06-18',
  '2026-07-28',
  '2026-11-05',
  '9999-12-31',
  '2026-07-28 ',
  '2026-07-28,2026-07-28',
  '2026-7-28',
  'DRAFT-2026-07-28',
  '',
] as const

const NAMES = ['mcp-name', 'mcp-method', 'mcp-protocol-version'] as const

function setHeader(draft: Draft, name: string, value: string) {
  draft.headers = draft.headers.filter(([key]) => key !== name)
  draft.headers.push([name, value])
}

/** What stands for this header in a request of another kind. */
const saidBy = (name: (typeof NAMES)[number], n: number): string =>
  name === 'mcp-name'
    ? choose(TOOLS, n)
    : name === 'mcp-method'
      ? choose(['tools/list', 'tools/call'], n)
      : choose(VERSIONS, n)

/** The header once more: the same, or one that says something else, before or behind it, on a line of its own or not. */
function twice(draft: Draft, n: number) {
  const name = choose(NAMES, n)
  const own = draft.headers.find(([key]) => key === name)?.[1] ?? ''
  const other = rest(n, 12) % 3 === 0 ? own : saidBy(name, rest(n, 36))
  choose<() => unknown>(
    [
      () => draft.headers.push([name, other]),
      () => draft.headers.unshift([name, other]),
      () => draft.headers.unshift([name.toUpperCase(), other]),
      () => setHeader(draft, name, `${own},${other}`),
    ],
    rest(n, 3),
  )()
}

/** Another spelling of the name of the header, beside it or in its place. */
function twin(draft: Draft, n: number) {
  const name = choose(NAMES, n)
  const spelt = choose([name.replaceAll('-', '_'), name.replace('-', '_'), `${name} `], rest(n, 3))
  if (rest(n, 9) % 2 === 0) {
    draft.headers.push([spelt, saidBy(name, rest(n, 18))])
    return
  }
  draft.headers = draft.headers.map(([key, value]): Pair => [key === name ? spelt : key, value])
}

/** The tool that it calls already, or any. */
function toolOf({ headers }: Draft, n: number): string {
  const own = headers.find(([key]) => key === 'mcp-name')?.[1]
  return own === undefined || own.startsWith('=?') || n % 2 === 0 ? choose(TOOLS, rest(n, 2)) : own
}

/** Only where MCP is served do these headers say anything. */
const atMcp =
  (change: Mutator): Mutator =>
  (draft, mutation, around) => {
    if (isAtMcp(draft)) change(draft, mutation, around)
  }

/** What is signed is signed for MCP, whatever it was for; the headers follow when all of them are there. */
const goToMcp: Mutator = (draft, { n }, { world }) => {
  if (isAtMcp(draft)) return
  const action = choose(world.settings.actions as [ActionSettings, ...ActionSettings[]], n)
  const path = choose((action.match.paths as [string, ...string[]]) ?? ['/mcp'], rest(n, 7))
  goTo(draft, 'POST', draft.host, isAtMcp({ path }) ? path : '/mcp')
  addMcpHeaders(draft, action, world, n)
}

export const mcpMutators: Mutators = {
  'mcp name': atMcp((draft, { n, text }) => {
    const spell = choose(SPELLINGS, rest(n, 12))
    setHeader(draft, 'mcp-name', spell(toolOf(draft, n), text))
  }),
  'mcp tool': atMcp((draft, { n }) => setHeader(draft, 'mcp-name', choose(TOOLS, n))),
  'mcp method': atMcp((draft, { n }) => setHeader(draft, 'mcp-method', choose(METHODS, n))),
  'mcp version': atMcp((draft, { n }) => setHeader(draft, 'mcp-protocol-version', choose(VERSIONS, n))),
  'mcp twice': atMcp((draft, { n }) => twice(draft, n)),
  'mcp twin': atMcp((draft, { n }) => twin(draft, n)),
  'mcp gone': atMcp((draft, { n }) => {
    const name = choose(NAMES, n)
    draft.headers = draft.headers.filter(([key]) => key !== name)
  }),
  // What was none becomes a call.
  'mcp call': atMcp((draft, { n }) => {
    setHeader(draft, 'mcp-method', 'tools/call')
    setHeader(draft, 'mcp-name', choose(TOOLS, n))
  }),
}

/** These come before anything is signed. */
export const towardsMcp: Mutators = Object.fromEntries(
  Object.keys(mcpMutators).map((name) => [name, goToMcp]),
)
