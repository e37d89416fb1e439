/** What a request asks for: the catalogue, read from the top, as docs/actions.md tells it. */
import type { ActionSettings, Level, WorldSettings } from '../settings.ts'
import { callOf } from './mcp.ts'
import { isCanary, only, type Seen } from './seen.ts'

export interface AskedFor {
  readonly name: string
  readonly isKnown: boolean
  readonly isOwn: boolean
  readonly sensitivity: Level
  readonly scopes: readonly string[]
  readonly authentication: ActionSettings['authentication']
  readonly isOpen: boolean
  readonly params: Readonly<Record<string, string>>
  /** The resource of which Vigil itself tells the metadata, so that nobody else is asked. */
  readonly tells?: string
}

const OWN = {
  isKnown: true,
  isOwn: true,
  sensitivity: 'low',
  scopes: [],
  authentication: undefined,
  isOpen: true,
  params: {},
} as const

/** @returns why nobody may ask for this, in a word */
export function actionOf(seen: Seen, settings: WorldSettings): AskedFor | string {
  if (isCanary(seen.path)) return 'canary'
  const { parameters, encodedSlashes } = settings.context.paths
  if (parameters === 'refuse' && seen.path.includes(';')) return 'path parameter'
  if (encodedSlashes === 'refuse' && /%(2f|5c)/i.test(seen.path)) return 'encoded slash'
  return ownAction(seen, settings) ?? inCatalogue(seen, settings) ?? unknownOf('unknown', settings)
}

interface Taker {
  readonly action: ActionSettings
  readonly params: AskedFor['params']
}

/** From the top: the first that takes it, and behind an action of tools what is called decides; undefined: none does. */
function inCatalogue(seen: Seen, settings: WorldSettings): AskedFor | string | undefined {
  const takers = takersOf(seen, settings.actions)
  const [first] = takers
  if (first?.action.match.mcpTools === undefined) return first && knownAs(first)
  const call = callOf(seen, settings.context.mcp?.versions ?? [])
  if (call === 'no call') {
    const other = takers.find(({ action }) => action.match.mcpTools === undefined)
    return other && knownAs(other)
  }
  if (call === 'unreadable') return unknownOf('unknown-tool', settings)
  const { tool } = call
  const found = takers.find(({ action: { match } }) =>
    ['*', tool].some((name) => match.mcpTools?.includes(name)),
  )
  if (found === undefined) return unknownOf('unknown-tool', settings)
  return knownAs({ ...found, params: { ...found.params, tool } })
}

/** All whose match holds, the tool apart. A tool is called with POST and with nothing else. */
function takersOf(seen: Seen, actions: readonly ActionSettings[]): readonly Taker[] {
  const segments = segmentsOf(seen.path)
  if (segments === undefined) return []
  return actions.flatMap((action) => {
    const isPossible = action.match.mcpTools === undefined || seen.method === 'POST'
    const params = isPossible ? paramsOf(action, seen, segments) : undefined
    return params === undefined ? [] : { action, params }
  })
}

const knownAs = ({ action, params }: Taker): AskedFor => ({
  name: action.name,
  isKnown: true,
  isOwn: false,
  sensitivity: action.sensitivity,
  scopes: action.scopes,
  authentication: action.authentication,
  isOpen: action.anonymous,
  params,
})

function unknownOf(name: string, { unknownAction }: WorldSettings): AskedFor | string {
  const { effect, sensitivity } = unknownAction
  if (effect === 'deny') return 'unknown action'
  return {
    name,
    isKnown: false,
    isOwn: false,
    sensitivity,
    scopes: [],
    authentication: undefined,
    isOpen: false,
    params: {},
  }
}

function ownAction(seen: Seen, { enforcement }: WorldSettings): AskedFor | undefined {
  const isProbe =
    seen.authority === 'vigil-probe.invalid' &&
    seen.method === 'GET' &&
    seen.path === '/' &&
    seen.extensions['vigil.probe'] === 'allow'
  if (isProbe) return { ...OWN, name: 'vigil-probe' }
  const isPreflight =
    seen.method === 'OPTIONS' &&
    seen.headers.has('access-control-request-method') &&
    enforcement.cors.origins.includes(only(seen, 'origin') ?? '')
  if (isPreflight) return { ...OWN, name: 'preflight' }
  const told = describedBy(seen, enforcement.resourceMetadata ?? [])
  return told === undefined ? undefined : { ...OWN, name: 'resource-metadata', tells: told }
}

/** RFC 9728 section 3.1: of which of these resources the metadata stand at this very path of its host. */
function describedBy(
  { method, authority, path }: Seen,
  resources: readonly { readonly resource: string }[],
): string | undefined {
  const found = resources.find(({ resource }) => {
    const { host, pathname } = new URL(resource)
    const end = pathname === '/' ? '' : pathname
    const isHere = authority === host || authority === `${host}:443`
    return isHere && path === `/.well-known/oauth-protected-resource${end}`
  })
  return ['GET', 'HEAD'].includes(method) ? found?.resource : undefined
}

/** Decoded once, after splitting; undefined: no action can be named by it. */
function segmentsOf(path: string): readonly string[] | undefined {
  try {
    const segments = path.slice(1).split('/').map(decodeURIComponent)
    return segments.slice(0, -1).includes('') ? undefined : segments
  } catch {
    return undefined
  }
}

function paramsOf(
  { match }: ActionSettings,
  seen: Seen,
  segments: readonly string[],
): Record<string, string> | undefined {
  if (match.methods !== undefined && !match.methods.includes(seen.method)) return undefined
  if (match.hosts !== undefined && !match.hosts.some((host) => isHost(host, seen.host))) return undefined
  const templates = match.paths ?? match.grpc?.map((text) => `/${text.replace('*', '{method}')}`) ?? []
  for (const template of templates) {
    const params = takenBy(template.slice(1).split('/'), segments)
    if (params !== undefined) return params
  }
  return undefined
}

const isHost = (pattern: string, host: string): boolean =>
  pattern.startsWith('*.')
    ? host.endsWith(pattern.slice(1)) && host.length > pattern.length - 1
    : host === pattern

function takenBy(parts: readonly string[], segments: readonly string[]): Record<string, string> | undefined {
  const params: Record<string, string> = {}
  for (const [i, part] of parts.entries()) {
    const [, name, dots] = /^\{(\w+)(\.\.\.)?\}$/.exec(part) ?? []
    if (name !== undefined && dots !== undefined) {
      const rest = restOf(segments.slice(i), parts.length > i + 1)
      return rest === undefined ? undefined : { ...params, [name]: rest }
    }
    const segment = segments[i]
    if (segment === undefined || !isTaking(part, name, segment)) return undefined
    if (name !== undefined) params[name] = segment
  }
  return segments.length === parts.length ? params : undefined
}

const isTaking = (part: string, name: string | undefined, segment: string): boolean =>
  name === undefined ? segment === decodeURIComponent(part) : segment !== ''

/** The rest is one segment at least; with a slash at its end only where the template has one. */
function restOf(left: readonly string[], isSlashed: boolean): string | undefined {
  const endsInSlash = left.at(-1) === ''
  const isFit = isSlashed ? left.length > 1 && endsInSlash : left.length > 0 && !endsInSlash
  return isFit ? left.join('/') : undefined
}
