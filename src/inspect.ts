import { EXIT, type Io } from './cli/io.ts'
import type { CheckArgs } from './cli/run.ts'
import { effectiveYaml, kindOf } from './config/effective.ts'
import { formatProblem } from './config/format.ts'
import type { LocatedProblem } from './config/located.ts'
import { type Read, readSettings, readStatic } from './config/read.ts'
import { type OfflineDeps, openOffline } from './offline.ts'
import { renderDefaultTable } from './policy/index.ts'

/** `vigil config check`: problems to standard error, the effective configuration to standard output. */
export async function checkFiles(args: CheckArgs, io: Io, deps: OfflineDeps): Promise<number> {
  const problems: LocatedProblem[] = []
  for (const file of args.files) {
    const kind = await kindOf(file)
    const read = kind === 'static' ? await readStatic(file) : await readDynamic(file, deps)
    if (!read.ok) problems.push(...read.problems)
    else if (!args.isQuiet && !args.isJson) io.stdout(describe(file, kind, read.value))
  }
  tell(problems, args, io)
  return problems.length === 0 ? EXIT.ok : EXIT.refused
}

function tell(problems: readonly LocatedProblem[], args: CheckArgs, io: Io): void {
  if (args.isJson) {
    io.stdout(`${JSON.stringify({ ok: problems.length === 0, problems: problems.map(withoutSource) })}\n`)
    return
  }
  for (const problem of problems) io.stderr(`${formatProblem(problem)}\n`)
  if (problems.length > 0) io.stderr(`${problems.length} ${problems.length === 1 ? 'problem' : 'problems'}\n`)
}

async function readDynamic(file: string, deps: OfflineDeps): Promise<Read<unknown>> {
  const { app } = await openOffline(file, deps)
  try {
    return await readSettings(file, (settings, hash) => {
      const compiled = app.compile(settings, hash)
      return compiled.ok ? { ok: true, value: settings } : compiled
    })
  } finally {
    await app.close()
  }
}

function describe(file: string, kind: 'static' | 'dynamic', settings: unknown): string {
  const effective = `# ${file}: good. The effective configuration, every default included:\n${effectiveYaml(settings)}`
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
