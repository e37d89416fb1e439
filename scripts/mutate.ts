/**
 * `npm run mutate -- --room tokens`: changes the code of a security-critical room, one small change at a time, and asks whether a
 * unit test turns red (Stryker makes the changes, in a copy of the tree). Only what has changed since the last run is tested again.
 */
import { existsSync, globSync, mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { Stryker } from '@stryker-mutator/core'
import { nearest } from '../src/lib/nearest.ts'
import { describeRun, judge, readMutants, writeReport } from './mutate/report.ts'
import { ROOMS, type Room } from './mutate/rooms.ts'
import { readReasons } from './mutate/survivors.ts'
import { ROOT } from './root.ts'

const HELP = `Usage: npm run mutate -- [--room NAME]... [--only FILE]... [--quick] [--fresh] [--workers N]

  --room NAME   ${Object.keys(ROOMS).join(', ')}; all of them when none is named
  --only FILE   of the room only this file (src/tokens/json.ts), for now
  --quick       leave out code that runs only while it is loaded (tables, constants): each of its changes takes a process;
                what fixtures do while they load is not seen then, so that some survivors are none
  --fresh       forget earlier runs
  --workers N   processes that test mutants (2)

Progress goes to stderr, the result to stdout and to out/mutation/ROOM.json and ROOM.md. Ends with 1 when a room has a score
below 85 %, or a survivor without a reason in scripts/mutate/survivors/ROOM.json.

  npm run mutate -- --room gate          half a minute
  npm run mutate                         an hour and more for the first run on two cores
`

const OUT = join(ROOT, 'out', 'mutation')

interface Way {
  readonly workers: number
  readonly isQuick: boolean
  /** Files of the room; undefined: all. */
  readonly only: readonly string[] | undefined
}

async function testRoom(name: string, room: Room, { workers, isQuick, only }: Way): Promise<void> {
  // Read by the runner, in processes of its own, whose tests leave their files behind.
  process.env['VIGIL_MUTATE_TESTS'] = JSON.stringify(room.tests)
  const files = join(OUT, `${name}.files`)
  mkdirSync(files, { recursive: true })
  process.env['TMPDIR'] = files
  await new Stryker({
    plugins: [join(ROOT, 'scripts', 'mutate', 'runner.ts')],
    testRunner: 'room',
    testRunnerNodeArgs: ['--disable-warning=ExperimentalWarning'],
    coverageAnalysis: 'perTest',
    ignoreStatic: isQuick,
    // Far beyond what a busy machine takes: too late counts as noticed.
    timeoutMS: 40_000,
    mutate: [...(only ?? room.mutate)],
    concurrency: workers,
    reporters: ['progress-append-only', 'json'],
    jsonReporter: { fileName: join(OUT, `${name}.json`) },
    incremental: true,
    incrementalFile: join(OUT, `${name}.incremental.json`),
    ignorePatterns: ['.tools', 'k8s', 'charts', 'dist', 'out'],
    tempDirName: join(OUT, `${name}.tmp`),
    allowConsoleColors: false,
  }).runMutationTest()
  rmSync(files, { recursive: true, force: true })
}

const filesOf = (names: readonly string[]) =>
  names.flatMap((name) => globSync([...(ROOMS[name]?.mutate ?? [])], { cwd: ROOT }))

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      room: { type: 'string', multiple: true },
      only: { type: 'string', multiple: true },
      quick: { type: 'boolean', default: false },
      fresh: { type: 'boolean' },
      workers: { type: 'string', default: '2' },
      help: { type: 'boolean', short: 'h' },
    },
  })
  if (values.help) {
    console.log(HELP)
    return 0
  }
  const names = values.room ?? Object.keys(ROOMS)
  const unknown = names.filter((name) => ROOMS[name] === undefined)
  if (unknown.length > 0) {
    console.error(`no room ${unknown.join(', ')}: there are ${Object.keys(ROOMS).join(', ')}`)
    return 2
  }
  process.chdir(ROOT)
  const foreign = values.only?.find((file) => !filesOf(names).includes(file))
  if (foreign !== undefined) {
    const meant = nearest(foreign, filesOf(names))
    console.error(
      `--only ${foreign}: no file of ${names.join(', ')}${meant ? `; did you mean ${meant}?` : ''}`,
    )
    return 2
  }
  mkdirSync(OUT, { recursive: true })
  const way = { workers: Number(values.workers), isQuick: values.quick, only: values.only }
  let isGood = true
  for (const name of names) {
    const incremental = join(OUT, `${name}.incremental.json`)
    if (values.fresh && existsSync(incremental)) rmSync(incremental)
    await testRoom(name, ROOMS[name] as Room, way)
    const reasons = readReasons(name).filter(({ file }) => values.only?.includes(file) ?? true)
    const verdict = judge(name, readMutants(join(OUT, `${name}.json`)), reasons)
    writeReport(join(OUT, `${name}.md`), verdict)
    console.log(describeRun(verdict))
    isGood &&= verdict.isGood
  }
  return isGood ? 0 : 1
}

process.exitCode = await main()
