import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ROOT } from '../root.ts'
import { countByFolder, type JestReport, type Row } from './count.ts'
import type { Options, Phase } from './options.ts'

/** What each phase leaves out, and how it shares the machine: real programs that work hard want it to themselves. */
const PHASE_ARGS: Record<Phase, readonly string[]> = {
  unit: [
    '--testPathIgnorePatterns=^<rootDir>/test/(chart|cluster|e2e|integration|release)/',
    '--maxWorkers=2',
  ],
  // These start programs, too, but wait for them one after the other.
  chart: ['--testPathIgnorePatterns=^<rootDir>/test/(?!chart/)', '--maxWorkers=2'],
  e2e: ['--testPathIgnorePatterns=^<rootDir>/test/(?!(e2e|integration)/)', '--runInBand'],
  release: ['--testPathIgnorePatterns=^<rootDir>/test/(?!release/)', '--runInBand', '--verbose'],
  // Half of their time these wait, for pods to end or for an Envoy to hear of a change.
  cluster: ['--testPathIgnorePatterns=^<rootDir>/test/(?!cluster/)', '--maxWorkers=2', '--verbose'],
}

/**
 * Runs one phase with a folder for temporary files of its own, which goes in the end, whatever tests that broke off left in it.
 * `isBroken` when jest ended badly without a failed test to show for it.
 */
export function runJest(phase: Phase, options: Options): { rows: Row[]; isBroken: boolean } {
  const scratch = mkdtempSync(join(tmpdir(), 'vigil-jest-'))
  const temporary = join(scratch, 't')
  mkdirSync(temporary)
  // Ctrl-C reaches jest, too: who waits for its end can still tidy up, and then ends as well.
  const wait = () => undefined
  process.on('SIGINT', wait)
  let isStopped = false
  try {
    const report = join(scratch, 'report.json')
    const { status, signal } = spawnJest(phase, report, temporary, options)
    isStopped = signal === 'SIGINT' || status === 130
    const rows = existsSync(report) ? countByFolder(readReport(report), join(ROOT, 'test')) : []
    for (const left of ownFiles(temporary)) console.log(`left behind by a test: ${left}`)
    return { rows, isBroken: status !== 0 && rows.every((row) => row.failed === 0) }
  } finally {
    process.off('SIGINT', wait)
    rmSync(scratch, { recursive: true, force: true })
    if (isStopped) process.kill(process.pid, 'SIGINT')
  }
}

/** What the project's own code made; Node, browsers and others leave files of theirs. */
function ownFiles(temporary: string): string[] {
  return readdirSync(temporary).filter((name) => /^\.?vigil-/.test(name))
}

function spawnJest(phase: Phase, report: string, temporary: string, options: Options) {
  const jest = join(ROOT, 'node_modules', 'jest', 'bin', 'jest.js')
  const args = [...PHASE_ARGS[phase], '--passWithNoTests', '--json', `--outputFile=${report}`]
  if (options.isCoverage) args.push(...coverageArgs(phase))
  return spawnSync(process.execPath, [jest, ...args, ...options.jestArgs], {
    cwd: ROOT,
    stdio: 'inherit',
    env: { ...process.env, TMPDIR: temporary, NODE_OPTIONS: nodeOptions(process.env['NODE_OPTIONS']) },
  })
}

/** jest loads native ES modules only with this flag, and Node warns of it once in every worker. */
function nodeOptions(inherited = ''): string {
  return `${inherited} --experimental-vm-modules --disable-warning=ExperimentalWarning`.trim()
}

function coverageArgs(phase: Phase): string[] {
  return [
    '--coverage',
    '--coverageProvider=v8',
    '--collectCoverageFrom=src/**/*.ts',
    `--coverageDirectory=coverage/${phase}`,
  ]
}

function readReport(path: string): JestReport {
  return JSON.parse(readFileSync(path, 'utf8')) as JestReport
}
