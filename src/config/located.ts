/** Where in a file; both count from 1, columns in UTF-16 units as editors do. */
export interface Position {
  readonly line: number
  readonly column: number
}

/** One thing wrong, with the place where a person can put it right. */
export interface LocatedProblem extends Position {
  readonly file: string
  readonly message: string
  /** The whole line, for an excerpt; absent when the file could not be read. */
  readonly source?: string
  readonly path?: readonly (string | number)[]
}

/** `actions[0].match.paths[1]`, the way people write a place in settings. */
export function showPath(path: readonly (string | number)[]): string {
  const text = path.map((part) => (typeof part === 'number' ? `[${part}]` : `.${part}`)).join('')
  return text.replace(/^\./, '')
}
