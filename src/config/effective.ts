import { readFile } from 'node:fs/promises'
import { parse, stringify } from 'yaml'
import { nearest } from '../lib/nearest.ts'
import { settings as dynamicSettings } from './schema/settings.ts'
import { staticSettings } from './schema/static.ts'

const STATIC_KEYS = Object.keys(staticSettings.shape)
const DYNAMIC_KEYS = Object.keys(dynamicSettings.shape)

/** Settings with every default filled in, as YAML. */
export const effectiveYaml = (settings: unknown): string =>
  stringify(settings, { lineWidth: 110, aliasDuplicateObjects: false })

export type FileKind = 'static' | 'dynamic'

/** Which of the two files this is, by its keys; where none is known, by the name that the first one is nearest to. */
export async function kindOf(file: string): Promise<FileKind> {
  const keys = await keysOf(file)
  if (keys.some((key) => STATIC_KEYS.includes(key))) return 'static'
  if (keys.some((key) => DYNAMIC_KEYS.includes(key))) return 'dynamic'
  const [first] = keys.flatMap((key) => nearest(key, [...STATIC_KEYS, ...DYNAMIC_KEYS]) ?? [])
  return first !== undefined && STATIC_KEYS.includes(first) ? 'static' : 'dynamic'
}

async function keysOf(file: string): Promise<readonly string[]> {
  try {
    const value: unknown = parse(await readFile(file, 'utf8'), { logLevel: 'error' })
    return typeof value === 'object' && value !== null ? Object.keys(value) : []
  } catch {
    // Unreadable either way: the reader says why, with the position.
    return []
  }
}
