import type { SettingsProblem } from '../errors.ts'

/** Names that must differ from each other. */

type Path = SettingsProblem['path']

/** Every value that stood before, told at its second place. */
export function duplicates(
  values: readonly string[],
  pathOf: (index: number) => Path,
  what: string,
): SettingsProblem[] {
  const seen = new Set<string>()
  return values.flatMap((value, index) => {
    if (!seen.has(value)) {
      seen.add(value)
      return []
    }
    return [{ path: pathOf(index), message: `another ${what} is called "${value}" already` }]
  })
}

/** The same for members of a section that are called by their `name`. */
export const named = (
  items: readonly { readonly name: string }[],
  section: string,
  what: string,
): SettingsProblem[] =>
  duplicates(
    items.map((item) => item.name),
    (i) => [section, i, 'name'],
    what,
  )
