export type TemplateSegment =
  | { readonly kind: 'literal'; readonly text: string }
  | { readonly kind: 'param'; readonly name: string }
  | { readonly kind: 'rest'; readonly name: string }

export interface Template {
  /** Without the trailing slash behind a `rest`, which `hasSlash` tells. */
  readonly segments: readonly TemplateSegment[]
  /** A `rest` is followed by a slash: `/files/{path...}/`. */
  readonly hasSlash: boolean
}

const PLACEHOLDER = /^\{([A-Za-z][A-Za-z0-9_]*)(\.\.\.)?\}$/

/**
 * Reads a path template: `/v1/accounts/{account}/transfers`, `/files/{path...}`.
 * @returns the template, or what is wrong with it and at which offset.
 */
export function parseTemplate(
  text: string,
): Template | { readonly problem: string; readonly offset: number } {
  const parts = text.slice(1).split('/')
  const segments: TemplateSegment[] = []
  const names = new Set<string>()
  let offset = 1
  for (const [i, part] of parts.entries()) {
    const isLast = i === parts.length - 1
    if (isLast && part === '' && segments.at(-1)?.kind === 'rest') return { segments, hasSlash: true }
    const segment = parseSegment(part, isLast)
    const problem = typeof segment === 'string' ? segment : misplaced(segment, segments, names)
    if (typeof segment === 'string' || problem !== undefined) return { problem: problem ?? '', offset }
    segments.push(segment)
    offset += part.length + 1
  }
  return { segments, hasSlash: false }
}

function misplaced(segment: TemplateSegment, before: readonly TemplateSegment[], names: Set<string>) {
  if (before.at(-1)?.kind === 'rest') return 'nothing but a slash may follow {name...}'
  if (segment.kind === 'literal') return undefined
  if (names.has(segment.name)) return `{${segment.name}} appears twice`
  names.add(segment.name)
  return undefined
}

/** A segment, or the sentence that says why it is none. */
function parseSegment(part: string, isLast: boolean): TemplateSegment | string {
  const placeholder = PLACEHOLDER.exec(part)
  if (placeholder !== null)
    return { kind: placeholder[2] === undefined ? 'param' : 'rest', name: placeholder[1] ?? '' }
  if (/[{}]/.test(part))
    return `write a whole segment as {name} or {name...}, the name in letters, digits and _: "${part}"`
  if (part === '' && !isLast) return 'an empty segment never matches'
  if (part === '*' || part === '**') return `"${part}" is no placeholder: use {name} or {name...}`
  if (/[?#\s\\\x00-\x1f\x7f]/.test(part))
    return `a path holds no "?", "#", "\\", blank or control byte: "${part}"`
  const text = decode(part)
  if (text === undefined) return `broken escape in "${part}"`
  return text === '.' || text === '..' ? 'dot segments never match' : { kind: 'literal', text }
}

function decode(part: string): string | undefined {
  try {
    return decodeURIComponent(part)
  } catch {
    return undefined // The caller reports it.
  }
}
