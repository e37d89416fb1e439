import { createHash } from 'node:crypto'
import { readFile, realpath } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import type { z } from 'zod'
import type { Compiled, SettingsProblem } from '../errors.ts'
import type { LocatedProblem } from './located.ts'
import { type ParsedFile, parseFile } from './parse.ts'
import { type Settings, settings as settingsSchema } from './schema/settings.ts'
import { type StaticSettings, staticSettings } from './schema/static.ts'
import { checkSettings } from './semantic.ts'
import { checkStaticSettings } from './semantic-static.ts'
import { validate } from './validate.ts'

export type Read<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly problems: readonly LocatedProblem[] }

/** Turns settings into whatever they are for; its problems are placed in the file they came from. */
export type Compile<T> = (settings: Settings, hash: string) => Compiled<T>

const STATIC_KEYS = Object.keys(staticSettings.shape)
const DYNAMIC_KEYS = Object.keys(settingsSchema.shape)

/** Reads, validates and compiles `vigil.yaml`; every problem comes with file, line and column. */
export async function readSettings<T>(file: string, compile: Compile<T>): Promise<Read<T>> {
  const read = await readValidated(
    file,
    settingsSchema,
    { keys: STATIC_KEYS, file: 'static.yaml' },
    checkSettings,
  )
  if (!read.ok) return read
  const { value, parsed } = read
  const compiled = compile(value, hashOf(value))
  return compiled.ok ? compiled : { ok: false, problems: parsed.place(compiled.problems) }
}

/** Reads and validates `static.yaml`. */
export async function readStatic(file: string): Promise<Read<StaticSettings>> {
  const read = await readValidated(
    file,
    staticSettings,
    { keys: DYNAMIC_KEYS, file: 'vigil.yaml' },
    checkStaticSettings,
  )
  return read.ok ? { ok: true, value: read.value } : read
}

type Validated<T> =
  | { readonly ok: true; readonly value: T; readonly parsed: ParsedFile }
  | Extract<Read<T>, { ok: false }>

async function readValidated<S extends z.ZodType>(
  file: string,
  schema: S,
  elsewhere: { readonly keys: readonly string[]; readonly file: string },
  check: (value: z.output<S>) => readonly SettingsProblem[],
): Promise<Validated<z.output<S>>> {
  const bytes = await readThroughLink(file)
  if (bytes instanceof Error)
    return { ok: false, problems: [{ file, line: 1, column: 1, message: bytes.message }] }
  const parsed = parseFile(file, bytes)
  if (!parsed.ok) return parsed
  const validated = validate(schema, parsed.parsed.value ?? {}, elsewhere)
  if (!validated.ok) return { ok: false, problems: parsed.parsed.place(validated.problems) }
  const problems = check(validated.value)
  if (problems.length > 0) return { ok: false, problems: parsed.parsed.place(problems) }
  return { ok: true, value: validated.value, parsed: parsed.parsed }
}

/** A swap takes microseconds; whoever meets more of them than this reads something that is gone for good. */
const TRIES = 3

/** One realpath for everything that is read: a `..data` swap in between must not mix two generations. */
async function readThroughLink(file: string): Promise<Uint8Array | Error> {
  for (let tried = 1; ; tried++) {
    try {
      return await readFile(await realpath(file))
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? String(error.code) : 'unreadable'
      // A swap removes the folder that was being read, too: the link leads to another one now.
      if (code === 'ENOENT' && tried < TRIES) continue
      return new Error(code === 'ENOENT' ? 'there is no such file' : `the file cannot be read (${code})`)
    }
  }
}

/** The folder that relative names inside a file refer to. */
export const folderOf = (file: string): string => dirname(resolve(file))

/** SHA-256 of the effective settings: equal for two spellings of the same configuration. */
function hashOf(settings: Settings): string {
  return createHash('sha256').update(JSON.stringify(settings)).digest('hex').slice(0, 16)
}
