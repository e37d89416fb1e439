import { describe, expect, test } from '@jest/globals'
import { actionsSettings } from '../../src/config/schema/decision.ts'
import { compileCatalogue } from '../../src/context/catalogue.ts'
import { checkOf } from '../support/check-of.ts'

const compile = (written: readonly object[]) =>
  compileCatalogue(
    actionsSettings.parse(written),
    { effect: 'deny', sensitivity: 'high' },
    { parameters: 'refuse', encodedSlashes: 'refuse' },
    ['2026-07-28'],
  )
const CATALOGUE = [
  { name: 'health', match: { methods: ['POST'], paths: ['/mcp/health'] } },
  { name: 'internal', match: { hosts: ['internal.example.com'], paths: ['/mcp'] } },
  { name: 'read-file', match: { paths: ['/mcp', '/{tenant}/mcp'], mcpTools: ['read_file', 'list_files'] } },
  { name: 'delete-file', match: { methods: ['POST'], paths: ['/mcp'], mcpTools: ['delete_file'] } },
  { name: 'any-tool', match: { paths: ['/open/mcp'], mcpTools: ['*'] } },
  { name: 'mcp', match: { paths: ['/{rest...}'] } },
]
const catalogue = compile(CATALOGUE)

interface Asked {
  readonly path?: string
  readonly method?: string
  readonly tool?: string
  readonly mcp?: string
  readonly version?: string
  readonly authority?: string
}

function resolve(asked: Asked) {
  const { path = '/mcp', method = 'POST', authority = 'api.example.com' } = asked
  const { tool, mcp = 'tools/call', version = '2026-07-28' } = asked
  if (!catalogue.ok) throw new Error(JSON.stringify(catalogue.problems))
  const headers = Object.entries({ 'mcp-protocol-version': version, 'mcp-method': mcp, 'mcp-name': tool })
  const lines = headers.flatMap(([name, value]) => (value ? [[name, [value]] as const] : []))
  return catalogue.value.resolve(checkOf({ path, method, authority, headers: new Map(lines) }))
}

describe('a tool is an action', () => {
  test.each<[Asked, string, object]>([
    [{ tool: 'read_file' }, 'read-file', { tool: 'read_file' }],
    [{ tool: 'list_files' }, 'read-file', { tool: 'list_files' }],
    [{ tool: 'delete_file' }, 'delete-file', { tool: 'delete_file' }],
    [{ path: '/acme/mcp', tool: 'read_file' }, 'read-file', { tenant: 'acme', tool: 'read_file' }],
    [{ path: '/open/mcp', tool: 'whatever' }, 'any-tool', { tool: 'whatever' }],
    [{ tool: '=?base64?ZGVsZXRlX2ZpbGU=?=' }, 'delete-file', { tool: 'delete_file' }],
  ])('%j is %s', (asked, name, params) =>
    expect(resolve(asked)).toMatchObject({ name, params, isKnown: true }))
})

describe('what is no call of a tool, or stands before them, goes on as everywhere', () => {
  test.each<[Asked, string]>([
    [{ mcp: 'tools/list' }, 'mcp'],
    [{ method: 'GET', mcp: '' }, 'mcp'],
    [{ path: '/v1/orders', mcp: '', version: '' }, 'mcp'],
    [{ authority: 'internal.example.com', tool: 'read_file' }, 'internal'],
    [{ authority: 'internal.example.com', mcp: '', version: '' }, 'internal'],
    [{ path: '/mcp/health', mcp: '', version: '' }, 'health'],
  ])('%j is %s', (asked, name) => expect(resolve(asked).name).toBe(name))
})

describe('MCP-07 where tools are named, whatever may hide another one is the unknown tool', () => {
  test.each<[string, Asked]>([
    ['a tool that no action names', { tool: 'format_disk' }],
    ['a tool of another path', { path: '/acme/mcp', tool: 'delete_file' }],
    ['an older version', { tool: 'read_file', version: '2025-11-25' }],
    ['no version', { tool: 'read_file', version: '' }],
    ['no method', { tool: 'read_file', mcp: '' }],
    ['no header at all', { mcp: '', version: '' }],
    ['no header at all, where any tool is named', { path: '/open/mcp', mcp: '', version: '' }],
    ['two names', { tool: 'read_file,delete_file' }],
  ])('%s', (_what, asked) => {
    expect(resolve(asked)).toMatchObject({ name: 'unknown-tool', isKnown: false, sensitivity: 'high' })
  })
})

describe('mistakes are told when the configuration is loaded', () => {
  const problems = (...actions: readonly object[]) => {
    const compiled = compile(actions)
    return compiled.ok ? [] : compiled.problems.map(({ path, message }) => `${path.join('.')}: ${message}`)
  }
  const tool = (name: string, match: object) => ({ name, match: { paths: ['/mcp'], ...match } })

  test.each<[string, readonly object[], string]>([
    [
      'methods',
      [tool('a', { mcpTools: ['x'], methods: ['GET'] })],
      'actions.0.match.methods: a tool is called',
    ],
    ['no paths', [{ name: 'a', match: { mcpTools: ['x'] } }], 'actions.0.match.mcpTools: give the paths'],
    [
      'grpc',
      [tool('a', { mcpTools: ['x'], grpc: ['p.S/M'] })],
      'actions.0.match.grpc: give grpc or mcpTools',
    ],
    [
      '{tool}',
      [{ name: 'a', match: { paths: ['/{tool}'], mcpTools: ['x'] } }],
      'actions.0.match.paths: {tool}',
    ],
    ['its name', [tool('unknown-tool', { mcpTools: ['x'] })], 'actions.0.name: "unknown-tool" is the name'],
    [
      'a wide action before it',
      [tool('a', {}), tool('b', { mcpTools: ['x'] })],
      'actions.1.match.paths.0: never reached: "a"',
    ],
    [
      'the same tool twice',
      [tool('a', { mcpTools: ['x', 'y'] }), tool('b', { mcpTools: ['y'] })],
      'actions.1.match.paths.0: never reached: "a"',
    ],
    [
      'a tool behind any tool',
      [tool('a', { mcpTools: ['*'] }), tool('b', { mcpTools: ['y'] })],
      'actions.1.match.paths.0: never reached: "a"',
    ],
  ])('%s', (_what, actions, told) => expect(problems(...actions)).toEqual([expect.stringContaining(told)]))

  test('an action for all that is no call may stand behind any tool, and any tool behind some', () => {
    expect(problems(tool('a', { mcpTools: ['x'] }), tool('b', { mcpTools: ['*'] }), tool('c', {}))).toEqual(
      [],
    )
  })
})
