import { readFile } from 'node:fs/promises'
import { parse, stringify } from 'yaml'
import { staticSettings } from './schema/static.ts'

/** Settings with every default filled in, as YAML. */
export const effectiveYaml = (settings: unknown): string => stringify(settings, { lineWidth: 110 })

/** Which of the two files this is, by its keys: a file that names a static key is a static file. */
export async function kindOf(file: string): Promise<'static' | 'dynamic'> {
  try {
    const value: unknown = parse(await readFile(file, 'utf8'))
    const keys = typeof value === 'object' && value !== null ? Object.keys(value) : []
    return keys.some((key) => key in staticSettings.shape) ? 'static' : 'dynamic'
  } catch {
    // Unreadable either way: the reader says why, with the position.
    return 'dynamic'
  }
}
