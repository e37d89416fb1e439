import { readFile } from 'node:fs/promises'
import { basename } from 'node:path'
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

/**
 * Which of the two files this is: that to which most of its keys belong, so that one key that strayed into the other
 * file is the mistake, and not all the others. As many of both: by its name. None known: by the nearest name.
 */
export async function kindOf(file: string): Promise<FileKind> {
  const keys = await keysOf(file)
  const fixed = keys.filter((key) => STATIC_KEYS.includes(key)).length
  const dynamic = keys.filter((key) => DYNAMIC_KEYS.includes(key)).length
  if (fixed !== dynamic) return fixed > dynamic ? 'static' : 'dynamic'
  if (fixed > 0) return basename(file) === 'vigil.yaml' ? 'dynamic' : 'static'
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
