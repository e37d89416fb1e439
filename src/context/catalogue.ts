import type { ActionSettings, UnknownActionSettings } from '../config/schema/decision.ts'
import type { Compiled, SettingsProblem } from '../errors.ts'
import { compileHosts, hostOf, isHostIn, readHost } from '../lib/hosts.ts'
import type { Action, Check } from '../model.ts'
import { knownAction, nameProblems, unknownAction } from './action-settings.ts'
import { type Candidate, isCovering } from './candidate.ts'
import { type PathSettings, readSegments } from './path.ts'
import { parseTemplate } from './template.ts'
import { createTrie, type Trie } from './trie.ts'

export interface Catalogue {
  /** The first action that takes this request, else the action `unknown`. Never throws. */
  resolve(check: Check): Action
}

/** `actions` under compilation: where each candidate is found, and what is wrong. */
interface Index {
  readonly paths: Trie
  /** `/package.Service/Method` and `package.Service`. */
  readonly methods: Map<string, Candidate[]>
  readonly services: Map<string, Candidate[]>
  /** Actions that name neither paths nor gRPC methods. */
  readonly anywhere: Candidate[]
  readonly problems: SettingsProblem[]
  order: number
}

const GRPC = /^([A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*)\/(\*|[A-Za-z_]\w*)$/
const GRPC_PATH = /^\/([^/%]+)\/[A-Za-z_]\w*$/

/** Compiles `actions` once into an index that gives exactly what a scan in catalogue order would give. */
export function compileCatalogue(
  actions: readonly ActionSettings[],
  unknown: UnknownActionSettings,
  paths: PathSettings,
): Compiled<Catalogue> {
  const index: Index = {
    paths: createTrie(),
    methods: new Map(),
    services: new Map(),
    anywhere: [],
    problems: [],
    order: 0,
  }
  for (const [i, settings] of actions.entries()) {
    index.problems.push(...nameProblems(actions, i))
    addAction(index, settings, i)
  }
  if (index.problems.length > 0) return { ok: false, problems: index.problems }
  const fallback = unknownAction(unknown)
  return { ok: true, value: { resolve: (check) => resolve(index, check, paths) ?? fallback } }
}

function resolve(index: Index, check: Check, paths: PathSettings): Action | undefined {
  const segments = readSegments(check.path, paths)
  if (segments === undefined) return undefined
  const host = hostOf(check.authority)
  const choose = (list: readonly Candidate[], best: Candidate | undefined): Candidate | undefined => {
    for (const candidate of list) {
      if (best !== undefined && candidate.order >= best.order) return best
      if (isTaking(candidate, check.method, host)) return candidate
    }
    return best
  }
  let best = choose(index.anywhere, undefined)
  if (check.isGrpc) best = chooseGrpc(index, check.path, choose, best)
  best = index.paths.find(segments, choose, best)
  if (best === undefined) return undefined
  return best.params.length === 0 ? best.action : { ...best.action, params: paramsOf(best, segments) }
}

function chooseGrpc(
  index: Index,
  path: string,
  choose: (list: readonly Candidate[], best: Candidate | undefined) => Candidate | undefined,
  best: Candidate | undefined,
): Candidate | undefined {
  const service = GRPC_PATH.exec(path)?.[1]
  if (service === undefined) return best
  const byMethod = choose(index.methods.get(path) ?? [], best)
  return choose(index.services.get(service) ?? [], byMethod)
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
  const action = knownAction(settings)
  const make = (params: Candidate['params']): Candidate => ({
    order: index.order++,
    index: i,
    action,
    methods: match.methods === undefined ? undefined : new Set<string>(match.methods),
    hosts: hosts === undefined ? undefined : compileHosts(hosts),
    params,
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
  const candidate = make(
    template.segments.flatMap((s, at) =>
      s.kind === 'literal' ? [] : [{ name: s.name, at, isRest: s.kind === 'rest' }],
    ),
  )
  reportCovered(index, index.paths.covering(template), candidate, path)
  index.paths.add(template, candidate)
}

function addGrpc(index: Index, text: string, path: Path, make: Make): void {
  const [, service = '', method] = GRPC.exec(text) ?? []
  if (method === undefined) {
    index.problems.push({ path, message: `write package.Service/Method or package.Service/*: "${text}"` })
    return
  }
  const candidate = make([])
  const [map, key] = method === '*' ? [index.services, service] : [index.methods, `/${text}`]
  const same = map.get(key) ?? []
  reportCovered(index, [...same, ...(index.services.get(service) ?? [])], candidate, path)
  map.set(key, [...same, candidate])
}

/** A way that an earlier action takes in every case is dead, and its stricter demands would silently not apply. */
function reportCovered(index: Index, earlier: readonly Candidate[], candidate: Candidate, path: Path): void {
  const cover = [...index.anywhere, ...earlier].find((c) => isCovering(c, candidate))
  if (cover === undefined) return
  const message = `never reached: "${cover.action.name}" stands before it and takes the same requests`
  index.problems.push({ path, message })
}
