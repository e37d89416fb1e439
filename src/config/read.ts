import { readFile, realpath } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import type { z } from 'zod'
import type { Compiled, SettingsProblem } from '../errors.ts'
import { unreadable } from '../lib/error-name.ts'
import { hashSettings } from './hash.ts'
import type { LocatedProblem } from './located.ts'
import { type ParsedFile, parseFile } from './parse.ts'
import { type Settings, settings as settingsSchema } from './schema/settings.ts'
import { type StaticSettings, staticSettings } from './schema/static.ts'
import { checkSettings } from './semantic.ts'
import { checkStaticSettings } from './semantic-static.ts'
import { missingFiles } from './static-files.ts'
import { NOT_A_MANIFEST } from './syntax-error.ts'
import { validate } from './validate.ts'
import { warnAbout } from './warnings.ts'

export type Read<T> =
  | { readonly ok: true; readonly value: T; readonly warnings?: readonly LocatedProblem[] }
  | { readonly ok: false; readonly problems: readonly LocatedProblem[] }

/**
 * Turns settings into whatever they are for; its problems are placed in the file they came from.
 * @param folder where the file really stands: what is read now beside it belongs to the same generation
 */
export type Compile<T> = (settings: Settings, hash: string, folder: string) => Compiled<T>

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
  const { value, parsed, folder } = read
  const compiled = compile(value, hashSettings(value), folder)
  if (!compiled.ok) return { ok: false, problems: parsed.place(compiled.problems) }
  const warnings = parsed.place(warnAbout(value))
  return warnings.length === 0 ? compiled : { ...compiled, warnings }
}

/** Reads and validates `static.yaml`; the files that it names must be there. */
export async function readStatic(file: string): Promise<Read<StaticSettings>> {
  const read = await readValidated(
    file,
    staticSettings,
    { keys: DYNAMIC_KEYS, file: 'vigil.yaml' },
    async (settings) => [...checkStaticSettings(settings), ...(await missingFiles(settings, folderOf(file)))],
  )
  return read.ok ? { ok: true, value: read.value } : read
}

type Validated<T> =
  | { readonly ok: true; readonly value: T; readonly parsed: ParsedFile; readonly folder: string }
  | Extract<Read<T>, { ok: false }>

async function readValidated<S extends z.ZodType>(
  file: string,
  schema: S,
  elsewhere: { readonly keys: readonly string[]; readonly file: string },
  check: (value: z.output<S>) => readonly SettingsProblem[] | Promise<readonly SettingsProblem[]>,
): Promise<Validated<z.output<S>>> {
  const found = await readThroughLink(file)
  if (typeof found === 'string')
    return { ok: false, problems: [{ file, line: 1, column: 1, message: found }] }
  const parsed = parseFile(file, found.bytes)
  if (!parsed.ok) return parsed
  const manifest = manifestProblem(parsed.parsed.value)
  if (manifest !== undefined) return { ok: false, problems: parsed.parsed.place([manifest]) }
  const validated = validate(schema, parsed.parsed.value ?? {}, elsewhere)
  if (!validated.ok) return { ok: false, problems: parsed.parsed.place(validated.problems) }
  const problems = await check(validated.value)
  if (problems.length > 0) return { ok: false, problems: parsed.parsed.place(problems) }
  return { ok: true, value: validated.value, parsed: parsed.parsed, folder: found.folder }
}

/** Another file than the one that is mounted, with the right one inside. */
function manifestProblem(value: unknown): SettingsProblem | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  if (!Object.hasOwn(value, 'apiVersion') || !Object.hasOwn(value, 'kind')) return undefined
  const message = `this is a Kubernetes manifest; ${NOT_A_MANIFEST}`
  return { path: ['apiVersion'], message, isAboutKey: true }
}

/** A swap takes microseconds; whoever meets more of them than this reads something that is gone for good. */
const TRIES = 3

/**
 * One realpath for everything that is read: a `..data` swap in between must not mix two generations.
 * @returns the bytes and the folder they came from, or why there are none
 */
async function readThroughLink(file: string): Promise<{ bytes: Uint8Array; folder: string } | string> {
  for (let tried = 1; ; tried++) {
    try {
      const path = await realpath(file)
      return { bytes: await readFile(path), folder: dirname(path) }
    } catch (error) {
      // A swap removes the folder that was being read, too: the link leads to another one now.
      const isGone = error instanceof Error && 'code' in error && error.code === 'ENOENT'
      if (!isGone || tried === TRIES) return unreadable(error)
    }
  }
}

/** The folder that relative names inside a file refer to. */
export const folderOf = (file: string): string => dirname(resolve(file))
