/** Members of something that nobody has written sentences for, such as a fact of a later version. */

/** More of them tell nobody anything. */
const MOST = 20
/** Deeper members are only said to be there. */
const DEEPEST = 4

/** `country DE, asn 64500, city.name Bonn`; empty for nothing. */
export function flatten(value: unknown): string {
  const told = [...leavesOf(value, '', DEEPEST)]
  const more = told.length > MOST ? ', …' : ''
  return `${told.slice(0, MOST).join(', ')}${more}`
}

function* leavesOf(value: unknown, path: string, depth: number): Generator<string> {
  if (value === undefined || value === null) return
  if (Array.isArray(value)) {
    if (value.length > 0) yield told(path, value.map(scalarOf).join(' and '))
  } else if (typeof value === 'object' && depth === 0) yield told(path, MORE)
  else if (typeof value === 'object') {
    for (const [name, member] of Object.entries(value)) {
      yield* leavesOf(member, path === '' ? name : `${path}.${name}`, depth - 1)
    }
  } else yield told(path, String(value))
}

const MORE = '(…)'

const scalarOf = (value: unknown): string => (typeof value === 'object' ? MORE : String(value))

const told = (path: string, text: string): string => (path === '' ? text : `${path} ${text}`)
