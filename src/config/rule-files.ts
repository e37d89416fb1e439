import type { SettingsProblem } from '../errors.ts'
import type { LocatedProblem, Position } from './located.ts'
import type { ParsedFile } from './parse.ts'
import type { PolicyFileSettings } from './schema/policy-file.ts'
import type { Settings } from './schema/settings.ts'

/** A file of rules that has passed its schema. */
export interface RuleFile {
  readonly parsed: ParsedFile
  readonly value: PolicyFileSettings
}

/** Settings in which the rules of all files stand in one list, and places know the file of each. */
export interface Merged {
  readonly settings: Settings
  place(problems: readonly SettingsProblem[]): LocatedProblem[]
  /** What is wrong between the files. */
  readonly problems: readonly LocatedProblem[]
}

/** Where one rule of the whole list was written. */
interface Origin {
  readonly parsed: ParsedFile
  readonly path: readonly (string | number)[]
}

/** The rules of `vigil.yaml` itself. */
const OWN_PRIORITY = 0

export function mergeRules(own: Settings, parsed: ParsedFile, files: readonly RuleFile[]): Merged {
  const ofOwn = own.policy.map((rule, i) => ({ rule, origin: { parsed, path: ['policy', i] } }))
  const parts = [
    { priority: OWN_PRIORITY, rules: ofOwn },
    ...files.map((file) => ({ priority: file.value.priority, rules: rulesOf(file) })),
  ]
  const rules = parts.toSorted((a, b) => a.priority - b.priority).flatMap((part) => part.rules)
  const origins = rules.map(({ origin }) => origin)
  const settings = { ...own, policy: rules.map(({ rule }) => rule) }
  return {
    settings,
    place: (problems) => placeAll(problems, parsed, origins),
    problems: [...samePriority(files, ofOwn.length > 0), ...sameName(settings.policy, origins)],
  }
}

function rulesOf({ parsed, value }: RuleFile) {
  const { owner } = value
  return value.rules.map((rule, i) => ({
    rule: rule.owner === undefined && owner !== undefined ? { ...rule, owner } : rule,
    origin: { parsed, path: ['rules', i] } satisfies Origin,
  }))
}

/** Which rule is first would be left to the names of files. */
function samePriority(files: readonly RuleFile[], hasOwnRules: boolean): LocatedProblem[] {
  const first = new Map<number, string>()
  if (hasOwnRules) first.set(OWN_PRIORITY, 'the rules of vigil.yaml itself')
  return files.flatMap(({ parsed, value: { priority } }) => {
    const path = ['priority']
    const before = first.get(priority)
    if (before === undefined) {
      first.set(priority, show(parsed.file, parsed.locate(path)))
      return []
    }
    const message = `priority ${priority} is taken by ${before}; which rules come first must be said`
    return parsed.place([{ path, message }])
  })
}

function sameName(policy: Settings['policy'], origins: readonly Origin[]): LocatedProblem[] {
  const first = new Map<string, Origin>()
  return policy.flatMap(({ name }, i) => {
    const origin = origins[i]
    if (origin === undefined) return []
    const before = first.get(name)
    if (before === undefined) {
      first.set(name, origin)
      return []
    }
    const path = [...origin.path, 'name']
    const message = `another rule is called "${name}" already: ${placeOf(before, origin)}`
    return origin.parsed.place([{ path, message }])
  })
}

function placeOf({ parsed, path }: Origin, from: Origin): string {
  const position = parsed.locate([...path, 'name'])
  return parsed === from.parsed ? `in line ${position.line}` : show(parsed.file, position)
}

const show = (file: string, { line, column }: Position): string => `${file}:${line}:${column}`

/** Problems of one file stay together, in the order of the file. */
function placeAll(
  problems: readonly SettingsProblem[],
  main: ParsedFile,
  origins: readonly Origin[],
): LocatedProblem[] {
  const byFile = new Map<ParsedFile, SettingsProblem[]>([[main, []]])
  for (const problem of problems) {
    const [section, index, ...rest] = problem.path
    const origin = section === 'policy' && typeof index === 'number' ? origins[index] : undefined
    const parsed = origin?.parsed ?? main
    const moved = origin === undefined ? problem : { ...problem, path: [...origin.path, ...rest] }
    byFile.set(parsed, [...(byFile.get(parsed) ?? []), moved])
  }
  return [...byFile].flatMap(([parsed, of]) => parsed.place(of))
}
