/** What a request asks for: the catalogue, read from the top, as docs/actions.md tells it. */
import type { ActionSettings, Level, WorldSettings } from '../settings.ts'
import { only, type Seen } from './seen.ts'

export interface AskedFor {
  readonly name: string
  readonly isKnown: boolean
  readonly isOwn: boolean
  readonly sensitivity: Level
  readonly scopes: readonly string[]
  readonly authentication: ActionSettings['authentication']
  readonly isOpen: boolean
  readonly params: Readonly<Record<string, string>>
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
  if (seen.path.endsWith('/.well-known/vigil-canary')) return 'canary'
  const { parameters, encodedSlashes } = settings.context.paths
  if (parameters === 'refuse' && seen.path.includes(';')) return 'path parameter'
  if (encodedSlashes === 'refuse' && /%(2f|5c)/i.test(seen.path)) return 'encoded slash'
  const own = ownAction(seen, settings)
  if (own !== undefined) return own
  const segments = segmentsOf(seen.path)
  for (const action of segments === undefined ? [] : settings.actions) {
    const params = paramsOf(action, seen, segments ?? [])
    if (params === undefined) continue
    const { name, sensitivity, scopes, authentication, anonymous } = action
    return {
      name,
      isKnown: true,
      isOwn: false,
      sensitivity,
      scopes,
      authentication,
      isOpen: anonymous,
      params,
    }
  }
  const { effect, sensitivity } = settings.unknownAction
  if (effect === 'deny') return 'unknown action'
  return {
    name: 'unknown',
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
  return isPreflight ? { ...OWN, name: 'preflight' } : undefined
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
