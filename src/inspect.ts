import { EXIT, type Io } from './cli/io.ts'
import type { CheckArgs } from './cli/run.ts'
import { effectiveYaml, type FileKind, kindOf } from './config/effective.ts'
import { asWarning, formatProblem } from './config/format.ts'
import type { LocatedProblem } from './config/located.ts'
import { type Read, readSettings, readStatic } from './config/read.ts'
import type { Settings } from './config/schema/settings.ts'
import type { StaticSettings } from './config/schema/static.ts'
import { checkTogether } from './config/semantic-static.ts'
import { COMPILES_ONLY, type OfflineDeps, openOffline } from './offline.ts'
import { renderDefaultTable } from './policy/index.ts'
import { discoverSignals, type Signal, signalsSettings } from './risk/index.ts'

interface Checked {
  readonly file: string
  readonly kind: FileKind
  readonly read: Read<unknown>
}

/** `vigil config check`: problems to standard error, the effective configuration to standard output. */
export async function checkFiles(args: CheckArgs, io: Io, deps: OfflineDeps): Promise<number> {
  const fixed = new Map<string, Read<StaticSettings>>()
  const kinds = await Promise.all(args.files.map(kindOf))
  for (const [i, file] of args.files.entries())
    if (kinds[i] === 'static') fixed.set(file, await readStatic(file))
  const beside = [...fixed.values()].flatMap((read) => (read.ok ? [read.value] : []))
  const checked: Checked[] = []
  for (const file of args.files) {
    const read = fixed.get(file)
    if (read !== undefined) checked.push({ file, kind: 'static', read })
    else checked.push({ file, kind: 'dynamic', read: await readDynamic(file, beside, deps) })
  }
  if (!args.isQuiet && !args.isJson) for (const one of checked) if (one.read.ok) io.stdout(describe(one))
  const problems = checked.flatMap(({ read }) => (read.ok ? [] : read.problems))
  const warnings = checked.flatMap(({ read }) => (read.ok ? (read.warnings ?? []) : []))
  tell(problems, warnings, args, io)
  return problems.length === 0 ? EXIT.ok : EXIT.refused
}

function tell(
  problems: readonly LocatedProblem[],
  warnings: readonly LocatedProblem[],
  args: CheckArgs,
  io: Io,
): void {
  if (args.isJson) {
    const [told, warned] = [problems.map(withoutSource), warnings.map(withoutSource)]
    io.stdout(`${JSON.stringify({ ok: told.length === 0, problems: told, warnings: warned })}\n`)
    return
  }
  for (const warning of warnings) io.stderr(`${formatProblem(asWarning(warning))}\n`)
  for (const problem of problems) io.stderr(`${formatProblem(problem)}\n`)
  if (problems.length > 0) io.stderr(`${problems.length} ${problems.length === 1 ? 'problem' : 'problems'}\n`)
}

/** @param beside static files that were given too: what the two kinds must agree on is checked as `serve` does */
async function readDynamic(
  file: string,
  beside: readonly StaticSettings[],
  deps: OfflineDeps,
): Promise<Read<unknown>> {
  const { app } = await openOffline(file, deps, COMPILES_ONLY)
  const signals = await discoverSignals()
  try {
    return await readSettings(file, (settings, hash, folder) => {
      const apart = beside.flatMap((fixed) => checkTogether(settings, fixed))
      if (apart.length > 0) return { ok: false, problems: apart }
      const compiled = app.compile(settings, hash, folder)
      return compiled.ok ? { ok: true, value: withSignals(settings, signals) } : compiled
    })
  } finally {
    await app.close()
  }
}

/** The schema knows the signals' settings only as a map; each signal knows its own defaults. */
const withSignals = (settings: Settings, signals: readonly Signal[]): Settings => ({
  ...settings,
  risk: { ...settings.risk, signals: signalsSettings(signals).parse(settings.risk.signals) },
})

function describe({ file, kind, read }: Checked): string {
  const effective = `# ${file}: good. The effective configuration, every default included:\n${effectiveYaml(read.ok ? read.value : {})}`
  if (kind === 'static') return effective
  return `${effective}\n# Where no rule matches, this table decides (sensitivity of the action, level of the risk):\n${comment(renderDefaultTable())}`
}

const comment = (text: string) =>
  text
    .trimEnd()
    .split('\n')
    .map((line) => `# ${line}\n`)
    .join('')

const withoutSource = ({ file, line, column, message }: LocatedProblem) => ({ file, line, column, message })
