import type { ActionSettings, UnknownActionSettings } from '../config/schema/decision.ts'
import type { Compiled, SettingsProblem } from '../errors.ts'
import { compileHosts, hostOf, isHostIn, readHost } from '../lib/hosts.ts'
import type { Action, Check } from '../model.ts'
import { knownAction, nameProblems, toolProblems, unknownAction } from './action-settings.ts'
import { type Candidate, compileTools, isCovering, isToolIn } from './candidate.ts'
import { type PathSettings, readSegments } from './path.ts'
import { parseTemplate, type Template, type TemplateSegment } from './template.ts'
import { readToolCall } from './tool-call.ts'
import { type Choose, createTrie, type Trie } from './trie.ts'

export interface Catalogue {
  /** The first action that takes this request, else the action `unknown`. Never throws. */
  resolve(check: Check): Action
}

/** `actions` under compilation: where each candidate is found, and what is wrong. */
interface Index {
  readonly paths: Trie
  /** Actions that name neither paths nor gRPC methods. */
  readonly anywhere: Candidate[]
  readonly problems: SettingsProblem[]
  order: number
  /** Some action names MCP tools. */
  hasTools: boolean
}

const GRPC = /^([A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*)\/(\*|[A-Za-z_]\w*)$/

/** Compiles `actions` once into an index that gives exactly what a scan in catalogue order would give. */
export function compileCatalogue(
  actions: readonly ActionSettings[],
  unknown: UnknownActionSettings,
  paths: PathSettings,
  mcpVersions: readonly string[] = [],
): Compiled<Catalogue> {
  const index: Index = {
    paths: createTrie(),
    anywhere: [],
    problems: [],
    order: 0,
    hasTools: false,
  }
  for (const [i, settings] of actions.entries()) {
    index.problems.push(...nameProblems(actions, i))
    addAction(index, settings, i)
  }
  if (index.problems.length > 0) return { ok: false, problems: index.problems }
  const reading: Reading = {
    index,
    paths,
    versions: new Set(mcpVersions),
    unknown: unknownAction('unknown', unknown),
    unknownTool: unknownAction('unknown-tool', unknown),
  }
  return { ok: true, value: { resolve: (check) => resolve(check, reading) } }
}

interface Reading {
  readonly index: Index
  readonly paths: PathSettings
  /** Of MCP: those under which headers can be believed. */
  readonly versions: ReadonlySet<string>
  readonly unknown: Action
  readonly unknownTool: Action
}

function resolve(check: Check, reading: Reading): Action {
  const { index, paths, unknown } = reading
  const segments = readSegments(check.path, paths)
  if (segments === undefined) return unknown
  const search: Search = { index, check, segments, host: hostOf(check.authority) }
  const ordinary = earliest(search, ({ tools }) => tools === undefined)
  // A tool is called with POST (MCP-07).
  if (index.hasTools && check.method === 'POST') return resolveTool(search, ordinary, reading)
  return ordinary === undefined ? unknown : actionOf(ordinary, segments)
}

/**
 * Where some tools are named, no call of another one, and no request that may hide one, passes as what stands behind
 * them in the catalogue: it is the unknown tool. What stands before them comes first, as everywhere.
 */
function resolveTool(
  search: Search,
  ordinary: Candidate | undefined,
  { versions, unknown, unknownTool }: Reading,
): Action {
  const { check, segments } = search
  const endpoint = earliest(search, ({ tools }) => tools !== undefined)
  const isBefore = endpoint === undefined || (ordinary !== undefined && ordinary.order < endpoint.order)
  const call = isBefore ? undefined : readToolCall(check, versions)
  if (call === undefined || call.kind === 'other') {
    return ordinary === undefined ? unknown : actionOf(ordinary, segments)
  }
  if (call.kind === 'unknown') return unknownTool
  const found = earliest(search, ({ tools }) => tools !== undefined && isToolIn(tools, call.name))
  if (found === undefined) return unknownTool
  const action = actionOf(found, segments)
  return { ...action, params: { ...action.params, tool: call.name } }
}

const actionOf = (found: Candidate, segments: readonly string[]): Action =>
  found.params.length === 0 ? found.action : { ...found.action, params: paramsOf(found, segments) }

interface Search {
  readonly index: Index
  readonly check: Check
  readonly segments: readonly string[]
  readonly host: string
}

/** The first of the eligible candidates that takes the request. */
function earliest(
  { index, check, segments, host }: Search,
  isEligible: (candidate: Candidate) => boolean,
): Candidate | undefined {
  const choose: Choose = (list, best) => {
    for (const candidate of list) {
      if (best !== undefined && candidate.order >= best.order) return best
      if (isEligible(candidate) && isTaking(candidate, check.method, host)) return candidate
    }
    return best
  }
  return index.paths.find(segments, choose, choose(index.anywhere, undefined))
}

const isTaking = (candidate: Candidate, method: string, host: string): boolean =>
  (candidate.methods === undefined || candidate.methods.has(method)) &&
  (candidate.hosts === undefined || isHostIn(candidate.hosts, host))

function paramsOf(candidate: Candidate, segments: readonly string[]): Record<string, string> {
  const params: Record<string, string> = {}
  const end = segments.at(-1) === '' ? -1 : segments.length
  for (const { name, at, isRest } of candidate.params) {
    params[name] = isRest ? segments.slice(at, end).join('/') : (segments[at] ?? '')
  }
  return params
}

function addAction(index: Index, settings: ActionSettings, i: number): void {
  const { match } = settings
  const path = ['actions', i, 'match']
  const hosts = match.hosts?.flatMap((text, j) => {
    const host = readHost(text)
    if (host === undefined)
      index.problems.push({
        path: [...path, 'hosts', j],
        message: `"${text}" is no host: write api.example.com or *.example.com, without port`,
      })
    return host ?? []
  })
  const tools = match.mcpTools === undefined ? undefined : compileTools(match.mcpTools)
  if (tools !== undefined) {
    index.hasTools = true
    index.problems.push(...toolProblems(settings, path))
  }
  const action = knownAction(settings)
  const make = (params: Candidate['params']): Candidate => ({
    order: index.order++,
    index: i,
    action,
    methods: match.methods === undefined ? undefined : new Set<string>(match.methods),
    hosts: hosts === undefined ? undefined : compileHosts(hosts),
    params,
    tools,
  })
  for (const [j, text] of (match.paths ?? []).entries()) addPath(index, text, [...path, 'paths', j], make)
  for (const [j, text] of (match.grpc ?? []).entries()) addGrpc(index, text, [...path, 'grpc', j], make)
  if (match.paths !== undefined || match.grpc !== undefined) return
  const candidate = make([])
  reportCovered(index, [], candidate, path)
  index.anywhere.push(candidate)
}

type Path = SettingsProblem['path']
type Make = (params: Candidate['params']) => Candidate

function addPath(index: Index, text: string, path: Path, make: Make): void {
  const template = parseTemplate(text)
  if ('problem' in template) {
    index.problems.push({ path, message: template.problem, offset: template.offset })
    return
  }
  const params = template.segments.flatMap((s, at) =>
    s.kind === 'literal' ? [] : [{ name: s.name, at, isRest: s.kind === 'rest' }],
  )
  addTemplate(index, template, make(params), path)
}

/**
 * A gRPC method is its path (gRPC over HTTP/2, Requests), whatever content type a caller names: servers answer the same
 * method also as gRPC-Web, Connect or plain JSON, and no caller may choose a milder action by it.
 */
function addGrpc(index: Index, text: string, path: Path, make: Make): void {
  const [, service = '', method] = GRPC.exec(text) ?? []
  if (method === undefined) {
    index.problems.push({ path, message: `write package.Service/Method or package.Service/*: "${text}"` })
    return
  }
  const called: TemplateSegment =
    method === '*' ? { kind: 'param', name: 'method' } : { kind: 'literal', text: method }
  const segments = [{ kind: 'literal', text: service } as const, called]
  addTemplate(index, { segments, hasSlash: false }, make([]), path)
}

function addTemplate(index: Index, template: Template, candidate: Candidate, path: Path): void {
  reportCovered(index, index.paths.covering(template), candidate, path)
  index.paths.add(template, candidate)
}

/** A way that an earlier action takes in every case is dead, and its stricter demands would silently not apply. */
function reportCovered(index: Index, earlier: readonly Candidate[], candidate: Candidate, path: Path): void {
  const cover = [...index.anywhere, ...earlier].find((c) => isCovering(c, candidate))
  if (cover === undefined) return
  const message = `never reached: "${cover.action.name}" stands before it and takes the same requests`
  index.problems.push({ path, message })
}
