import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { type ActionSettings, actionsSettings } from '../../src/config/schema/decision.ts'
import { compileCatalogue } from '../../src/context/catalogue.ts'
import { checkOf } from '../support/check-of.ts'

interface Request {
  readonly method: string
  readonly authority: string
  readonly path: string
}

/** The plain reading of docs/actions.md: one action after the other, one template after the other. */
function scan(actions: readonly ActionSettings[], request: Request) {
  for (const { name, match } of actions) {
    const params = isEligible(match, request) ? waysOf(match, request) : undefined
    if (params !== undefined) return { name, params }
  }
  return { name: 'unknown', params: {} }
}

const isEligible = ({ methods, hosts }: ActionSettings['match'], { method, authority }: Request) =>
  (methods === undefined || methods.some((m) => m === method)) &&
  (hosts === undefined || hosts.some((h) => isHost(h, authority)))

function waysOf({ paths, grpc }: ActionSettings['match'], { path }: Request) {
  if (paths === undefined && grpc === undefined) return {}
  for (const template of paths ?? []) {
    const found = pattern(template).exec(path)
    if (found !== null) return { ...found.groups }
  }
  const isCalled = (grpc ?? []).some((g) =>
    g.endsWith('/*')
      ? path.startsWith(`/${g.slice(0, -1)}`) && /^\/[^/]+\/[^/]+$/.test(path)
      : path === `/${g}`,
  )
  return isCalled ? {} : undefined
}

const isHost = (pattern: string, host: string) =>
  pattern.startsWith('*.') ? host.endsWith(pattern.slice(1)) : host === pattern

const pattern = (template: string) =>
  new RegExp(
    `^${template
      .replaceAll('.', '\\.')
      .replace(/\{(\w+)\\\.\\\.\\\.\}/, '(?<$1>[^/]+(?:/[^/]+)*)')
      .replaceAll(/\{(\w+)\}/g, '(?<$1>[^/]+)')}$`,
  )

const word = fc.constantFrom('a', 'b', 'p.S', 'M')
const segment = fc.oneof({ weight: 3, arbitrary: word }, { weight: 2, arbitrary: fc.constant('{}') })
const tail = fc.constantFrom('', '', '/', '/{r...}', '/{r...}/')
const template = fc
  .tuple(fc.array(segment, { minLength: 1, maxLength: 3 }), tail)
  .map(([parts, end]) => `/${parts.map((p, i) => (p === '{}' ? `{n${i}}` : p)).join('/')}${end}`)
const some = <T>(from: fc.Arbitrary<T>) => fc.uniqueArray(from, { minLength: 1, maxLength: 2 })
const optional = <T>(from: fc.Arbitrary<T>) => fc.option(from, { nil: undefined, freq: 2 })
const match = fc.record({
  methods: optional(some(fc.constantFrom('GET' as const, 'POST' as const))),
  hosts: optional(some(fc.constantFrom('x.org', '*.x.org', 'y.x.org'))),
  paths: fc.oneof({ weight: 8, arbitrary: some(template) }, { weight: 1, arbitrary: fc.constant(undefined) }),
  grpc: optional(some(fc.constantFrom('p.S/M', 'p.S/*', 'p.S/a'))),
})
const catalogue = fc
  .array(match, { maxLength: 12 })
  .map((matches) => actionsSettings.parse(matches.map((m, i) => ({ name: `a${i}`, match: m }))))
const request = fc.record({
  method: fc.constantFrom('GET', 'POST', 'PUT'),
  authority: fc.constantFrom('x.org', 'y.x.org', 'z'),
  path: fc
    .tuple(fc.array(word, { minLength: 1, maxLength: 5 }), fc.constantFrom('', '/'))
    .map(([parts, end]) => `/${parts.join('/')}${end}`),
})

const compile = (actions: readonly ActionSettings[]) =>
  compileCatalogue(
    actions,
    { effect: 'deny', sensitivity: 'medium' },
    { parameters: 'refuse', encodedSlashes: 'refuse' },
  )

/** Drops what would be reported as unreachable, so that the rest compiles. */
function reachable(actions: readonly ActionSettings[]): ActionSettings[] {
  const compiled = compile(actions)
  if (compiled.ok) return [...actions]
  const dead = new Set(compiled.problems.map((p) => p.path[1]))
  return reachable(actions.filter((_, i) => !dead.has(i)))
}

test('property: the index gives what a scan in catalogue order gives', () => {
  let known = 0
  fc.assert(
    fc.property(catalogue, fc.array(request, { minLength: 10, maxLength: 30 }), (written, requests) => {
      const actions = reachable(written)
      const compiled = compile(actions)
      if (!compiled.ok) throw new Error('unreachable actions were left')
      for (const r of requests) {
        const { name, params } = compiled.value.resolve(checkOf(r))
        if (name !== 'unknown') known++
        expect({ name, params }).toEqual(scan(actions, r))
      }
    }),
    { numRuns: 300 },
  )
  expect(known).toBeGreaterThan(500)
})

test('property: an action reported as never reached is reached by no request', () => {
  fc.assert(
    fc.property(catalogue, fc.array(request, { minLength: 10, maxLength: 30 }), (actions, requests) => {
      const compiled = compile(actions)
      if (compiled.ok) return
      const dead = compiled.problems.map((p) => p.path)
      for (const [, action, , kind, position] of dead) {
        const own = actions[Number(action)]
        if (own === undefined || (kind !== 'paths' && kind !== 'grpc')) continue
        const only = { ...own, match: { ...own.match, paths: undefined, grpc: undefined } }
        const alone = { ...only, match: { ...only.match, [kind]: [own.match[kind]?.[Number(position)]] } }
        const before = actions.slice(0, Number(action))
        for (const r of requests) {
          expect(scan([...before, alone], r).name).not.toBe(own.name)
        }
      }
    }),
    { numRuns: 300 },
  )
})

test('property: no path makes it throw', () => {
  const compiled = compile(
    reachable(actionsSettings.parse([{ name: 'a', match: { paths: ['/{x}', '/b/{r...}'] } }])),
  )
  if (!compiled.ok) throw new Error('unexpected')
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.string(), (path, authority) => {
      expect(compiled.value.resolve(checkOf({ path: `/${path}`, authority })).name).toMatch(/^(a|unknown)$/)
    }),
  )
})

test('a thousand actions: the last is found', () => {
  const actions = actionsSettings.parse(
    Array.from({ length: 1000 }, (_, i) => ({
      name: `a${i}`,
      match: { methods: ['POST'], paths: [`/v1/things-${i}/{id}/do`] },
    })),
  )
  const compiled = compile(actions)
  if (!compiled.ok) throw new Error('unexpected')
  const found = compiled.value.resolve(checkOf({ method: 'POST', path: '/v1/things-999/7/do' }))
  expect(found).toMatchObject({ name: 'a999', params: { id: '7' } })
})
