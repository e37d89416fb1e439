import { randomInt } from 'node:crypto'
import { redisPath, valkeyPath } from '../../scripts/tools/locate.ts'
import { runCommand } from '../bench/command.ts'
import { describeMachine } from '../bench/machine.ts'
import { runChecks } from './checks/index.ts'
import { runDuplicates } from './duplicates/index.ts'
import { HELP, type Options, parseOptions } from './options.ts'
import { createProgress, type Progress } from './progress.ts'
import { flawsOf, type Report, render } from './report.ts'
import { runSoak } from './soak/index.ts'
import { VARIANTS } from './soak/summary.ts'
import { runWire, TRANSPORTS } from './wire/index.ts'

/** Runs something under a bar of its own. */
async function under<T>(what: string, total: number, run: (progress: Progress) => Promise<T>): Promise<T> {
  const progress = createProgress(what, total, process.stderr, () => performance.now())
  try {
    return await run(progress)
  } finally {
    progress.end()
  }
}

const checks = ({ counts, seed, workers }: Options) =>
  under('checks', counts.checks, ({ add }) =>
    runChecks({ seed, cases: counts.checks, workers, onCases: add }),
  )

async function wire({ counts, seed }: Options) {
  const results = []
  const connections = Math.ceil(counts.wire / TRANSPORTS.length)
  for (const transport of TRANSPORTS) {
    const run = ({ add }: Progress) => runWire({ transport, seed, connections, onConnection: () => add(1) })
    results.push(await under(`wire, ${transport}`, connections, run))
  }
  return results
}

function duplicates({ counts }: Options) {
  const server = valkeyPath() ?? redisPath()
  if (server === undefined) throw new Error('duplicates need Valkey or Redis: npm run tools')
  const plan = { server, duplicates: counts.duplicates }
  return under('duplicates', counts.duplicates, ({ add }) => runDuplicates({ ...plan, onDuplicates: add }))
}

/** Both variants at once: each has a process of its own. */
function soak({ counts, seed }: Options) {
  const checks = counts.soak
  return under('soak', checks * VARIANTS.length, ({ add }) =>
    Promise.all(VARIANTS.map((variant) => runSoak({ variant, seed, checks, onChecks: add }))),
  )
}

async function run(options: Options): Promise<Report> {
  process.stderr.write(`seed ${options.seed}\n`)
  const has = (part: Options['parts'][number]) => options.parts.includes(part)
  return {
    machine: describeMachine(),
    seed: options.seed,
    ...(has('checks') ? { checks: await checks(options) } : {}),
    ...(has('wire') ? { wire: await wire(options) } : {}),
    ...(has('duplicates') ? { duplicates: await duplicates(options) } : {}),
    ...(has('soak') ? { soak: await soak(options) } : {}),
  }
}

const FUZZ = {
  name: 'npm run fuzz',
  help: HELP,
  parse: (args: readonly string[]) => parseOptions(args, () => randomInt(1, 0x7fff_ffff)),
  run,
  render,
  exitCode: (report: Report) => (flawsOf(report).length === 0 ? 0 : 1),
}

process.exitCode = await runCommand(FUZZ, process.argv.slice(2))
