import type { SettingsProblem } from '../errors.ts'
import type { EnforcementSettings } from './schema/enforcement.ts'

/** What a schema cannot say about the parts of `enforcement` that are for browsers. */
export function checkAnswers(enforcement: EnforcementSettings, issuers: number): SettingsProblem[] {
  const { cors, loginUrl, resourceMetadata } = enforcement
  return [
    ...checkCors(cors),
    ...(loginUrl === undefined ? [] : checkLoginUrl(loginUrl)),
    ...resourceMetadata.flatMap((_, i) => checkResource(resourceMetadata, i, issuers)),
  ]
}

/** RFC 9728 section 1.2, and MCP: whoever reads it must learn of at least one authorization server. */
function checkResource(
  resources: EnforcementSettings['resourceMetadata'],
  i: number,
  issuers: number,
): SettingsProblem[] {
  const path = ['enforcement', 'resourceMetadata', i]
  const { resource = '', authorizationServers } = resources[i] ?? {}
  const problems: SettingsProblem[] = []
  const url = URL.parse(resource)
  const isPlain = url !== null && (url.href === resource || url.href === `${resource}/`)
  if (!isPlain || !/^https:\/\/[^?#@]+$/.test(resource)) {
    const message =
      'write an https URL without query and fragment, as clients write it: https://api.example.com/mcp'
    problems.push({ path: [...path, 'resource'], message })
  }
  if (resources.findIndex((each) => each.resource === resource) < i)
    problems.push({ path: [...path, 'resource'], message: `"${resource}" stands here twice` })
  if (authorizationServers === undefined && issuers === 0)
    problems.push({ path, message: 'there is no issuer: give authorizationServers' })
  return problems
}

function checkCors({ origins, credentials }: EnforcementSettings['cors']): SettingsProblem[] {
  const path = ['enforcement', 'cors']
  const unread = origins.flatMap((text, i) =>
    URL.canParse(text)
      ? []
      : [{ path: [...path, 'origins', i], message: 'write an origin, e.g. https://app.example.com' }],
  )
  if (!credentials || origins.length > 0) return unread
  return [...unread, { path: [...path, 'credentials'], message: 'nobody is told this: give origins, too' }]
}

const PLACED = /^[^={}]+=\{([^{}]*)\}$/
const PLACEHOLDERS: ReadonlySet<string> = new Set(['acr', 'max_age', 'return_to'])

/** A browser is sent there: the address must be one, and nothing of a request may stand in its host or path. */
function checkLoginUrl(text: string): SettingsProblem[] {
  const [base = '', ...rest] = text.split('?')
  const message = faultOfBase(base) ?? rest.join('?').split('&').map(faultOfPair).find(Boolean)
  return message === undefined ? [] : [{ path: ['enforcement', 'loginUrl'], message }]
}

function faultOfBase(base: string): string | undefined {
  if (/[{}]/.test(base)) return 'a placeholder is the value of a parameter: …?return_to={return_to}'
  const isPath = /^\/(?![/\\])/.test(base)
  const isAddress = /^https?:\/\//.test(base) && URL.canParse(base)
  if ((isPath || isAddress) && !/[\s#\\]/.test(base)) return undefined
  return 'write an address or a path, e.g. https://app.example.com/login?return_to={return_to}'
}

function faultOfPair(pair: string): string | undefined {
  if (!/[{}]/.test(pair)) return /[\s#\\]/.test(pair) ? 'a parameter holds no blank, # or \\' : undefined
  const name = PLACED.exec(pair)?.[1]
  if (name !== undefined && PLACEHOLDERS.has(name)) return undefined
  return `"${pair}": write name={acr}, name={max_age} or name={return_to}`
}
