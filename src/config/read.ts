import { dirname, resolve } from 'node:path'
import type { z } from 'zod'
import type { Compiled, SettingsProblem } from '../errors.ts'
import { type ReadFile, readGeneration, readOne, type Unreadable } from './generation.ts'
import { hashSettings } from './hash.ts'
import type { LocatedProblem } from './located.ts'
import { type ParsedFile, parseFile } from './parse.ts'
import { mergeRules } from './rule-files.ts'
import { policyFileSettings } from './schema/policy-file.ts'
import { type Settings, settings as settingsSchema } from './schema/settings.ts'
import { type StaticSettings, staticSettings } from './schema/static.ts'
import { checkSettings } from './semantic.ts'
import { checkStaticSettings } from './semantic-static.ts'
import { missingData, missingFiles } from './static-files.ts'
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

/** Reads, validates and compiles `vigil.yaml` and the rules beside it; every problem comes with file, line and column. */
export async function readSettings<T>(file: string, compile: Compile<T>): Promise<Read<T>> {
  const generation = await readGeneration(file)
  if ('message' in generation) return refused([unread(generation)])
  const { main, rules } = generation
  const own = parseValid(main, settingsSchema, OF_STATIC)
  const files = rules.map((each) => parseValid(each, policyFileSettings, OF_VIGIL))
  const problems = [own, ...files].flatMap((each) => (each.ok ? [] : each.problems))
  if (!own.ok || problems.length > 0 || generation.unreadable.length > 0)
    return refused([...problems, ...generation.unreadable.map(unread)])
  const merged = mergeRules(
    own.value,
    own.parsed,
    files.filter((each) => each.ok),
  )
  const { settings, place } = merged
  const contradictions = [...place(checkSettings(settings)), ...merged.problems]
  if (contradictions.length > 0) return refused(contradictions)
  const compiled = compile(settings, hashSettings(settings), main.folder)
  if (!compiled.ok) return refused(place(compiled.problems))
  const warnings = place([...warnAbout(settings), ...(await missingData(settings, main.folder))])
  return warnings.length === 0 ? compiled : { ...compiled, warnings }
}

/** Reads and validates `static.yaml`; the files that it names must be there. */
export async function readStatic(file: string): Promise<Read<StaticSettings>> {
  const read = await readOne(file)
  if ('message' in read) return refused([unread(read)])
  const valid = parseValid(read, staticSettings, OF_VIGIL)
  if (!valid.ok) return valid
  const { value, parsed } = valid
  const problems = [...checkStaticSettings(value), ...(await missingFiles(value, folderOf(file)))]
  return problems.length > 0 ? refused(parsed.place(problems)) : { ok: true, value }
}

/** What is written in `vigil.yaml` and belongs into another file, and the other way round. */
const OF_STATIC = { keys: STATIC_KEYS, file: 'static.yaml' }
const OF_VIGIL = { keys: DYNAMIC_KEYS, file: 'vigil.yaml' }

const refused = (problems: readonly LocatedProblem[]) => ({ ok: false, problems }) as const

const unread = ({ file, message }: Unreadable): LocatedProblem => ({ file, line: 1, column: 1, message })

type Valid<T> =
  | { readonly ok: true; readonly value: T; readonly parsed: ParsedFile }
  | Extract<Read<T>, { ok: false }>

function parseValid<S extends z.ZodType>(
  { file, bytes }: ReadFile,
  schema: S,
  elsewhere: { readonly keys: readonly string[]; readonly file: string },
): Valid<z.output<S>> {
  const read = parseFile(file, bytes)
  if (!read.ok) return read
  const { parsed } = read
  const stray =
    manifestProblem(parsed.value) ?? (elsewhere === OF_STATIC ? rulesProblem(parsed.value) : undefined)
  if (stray !== undefined) return refused(parsed.place([stray]))
  const validated = validate(schema, parsed.value ?? {}, elsewhere)
  return validated.ok
    ? { ok: true, value: validated.value, parsed }
    : refused(parsed.place(validated.problems))
}

/** A file of rules where `vigil.yaml` is wanted, as when all files of a folder are checked one by one. */
function rulesProblem(value: unknown): SettingsProblem | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  if (!Object.hasOwn(value, 'rules') || !Object.hasOwn(value, 'priority')) return undefined
  const message = 'this is a file of rules: it is read, and checked, with the vigil.yaml beside its folder'
  return { path: ['rules'], message, isAboutKey: true }
}

/** Another file than the one that is mounted, with the right one inside. */
function manifestProblem(value: unknown): SettingsProblem | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  if (!Object.hasOwn(value, 'apiVersion') || !Object.hasOwn(value, 'kind')) return undefined
  const message = `this is a Kubernetes manifest; ${NOT_A_MANIFEST}`
  return { path: ['apiVersion'], message, isAboutKey: true }
}

/** The folder that relative names inside a file refer to. */
export const folderOf = (file: string): string => dirname(resolve(file))
