import { originNamed } from '../lib/target-uri.ts'
import type { Check, Entrypoint, Requirement } from '../model.ts'

/** Where a browser is sent for a login: the application's own route, with what is unmet and where to come back to. */
export type Login = (unmet: Requirement, returnTo: string) => string

type Values = Readonly<Record<string, string | undefined>>
type Pair = (values: Values) => string | undefined

const PLACEHOLDER = /^\{(acr|max_age|return_to)\}$/

/**
 * `https://app.example.com/login?level={acr}&return_to={return_to}`: a placeholder is the whole value of a parameter,
 * and a parameter whose value is not there is left out.
 */
export function compileLogin(template: string | undefined): Login | undefined {
  if (template === undefined) return undefined
  const mark = template.indexOf('?')
  const base = mark < 0 ? template : template.slice(0, mark)
  const pairs =
    mark < 0
      ? []
      : template
          .slice(mark + 1)
          .split('&')
          .map(compilePair)
  return (unmet, returnTo) => {
    const values = {
      acr: unmet.acr?.join(' '),
      max_age: unmet.maxAgeSeconds === undefined ? undefined : String(unmet.maxAgeSeconds),
      return_to: returnTo,
    }
    const query = pairs.flatMap((pair) => pair(values) ?? []).join('&')
    return query === '' ? base : `${base}?${query}`
  }
}

function compilePair(text: string): Pair {
  const equals = text.indexOf('=')
  const placeholder = PLACEHOLDER.exec(text.slice(equals + 1))?.[1]
  if (equals < 0 || placeholder === undefined) return () => text
  const name = text.slice(0, equals)
  return (values) => {
    const value = values[placeholder]
    return value === undefined ? undefined : `${name}=${encodeURIComponent(value)}`
  }
}

/** A longer one might not get through the login's own server: then it is left out, and the page is the nearest to it. */
const MOST_QUERY = 2048
const VISIBLE_ASCII = /^[\x21-\x7e]*$/

/**
 * The address of this request, to come back to: its origin from the configuration (the Host is the sender's word, and
 * only chooses among several), path and query as the browser sent them.
 */
export function returnTo(check: Check, entrypoint: Entrypoint): string | undefined {
  const { externalOrigins } = entrypoint
  const origin = originNamed(externalOrigins, check.authority) ?? externalOrigins[0]
  return origin === undefined ? undefined : origin + check.path + queryOf(check)
}

function queryOf({ query }: Check): string {
  if (query === undefined || query.length > MOST_QUERY || !VISIBLE_ASCII.test(query)) return ''
  return `?${query}`
}
