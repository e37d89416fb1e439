/** `npm run chaos`: see options.ts. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { cpus, totalmem } from 'node:os'
import { dirname } from 'node:path'
import { DEFAULT_ENVOY } from '../../scripts/tools/catalog.ts'
import { envoyPath, redisPath, valkeyPath } from '../../scripts/tools/locate.ts'
import { type Row, runFaultPatiently } from './campaign.ts'
import { rateFor } from './capacity.ts'
import { FAULTS } from './faults/index.ts'
import { HELP, type Options, parseOptions } from './options.ts'
import { renderTable } from './table.ts'
import { FULL, SHORT } from './world/settings.ts'
import { openWorld } from './world/world.ts'

/** What `--json` writes. */
export interface Figures {
  readonly at: string
  readonly isShort: boolean
  readonly machine: {
    readonly cpus: number
    readonly model: string
    readonly memoryGiB: number
    readonly node: string
  }
  readonly envoy: string
  readonly engine: string
  /** Requests a second that the whole of it answered when it was asked for as many as it could. */
  readonly capacity: number
  readonly rows: readonly Row[]
}

const say = (line: string) => void process.stderr.write(`${line}\n`)

async function run(options: Options): Promise<number> {
  const redis = options.engine === 'valkey' ? valkeyPath() : redisPath()
  const envoy = envoyPath()
  if (redis === undefined || envoy === undefined) {
    say(`no ${redis === undefined ? options.engine : 'Envoy'}: run \`npm run tools\``)
    return 1
  }
  const pace = options.isShort ? SHORT : FULL
  say('starting the store, the issuer, two Vigils, Envoy, the application and the load')
  const world = await openWorld({ redis, envoy }, pace)
  const rows: Row[] = []
  process.once('SIGINT', () => void world.stop().finally(() => process.exit(130)))
  try {
    const { capacity, perSecond } = await rateFor(world, options.rate)
    say(`this machine answers ${capacity} requests/s; the load is ${perSecond}/s`)
    for (const [i, fault] of options.faults.entries()) {
      say(`[${i + 1}/${options.faults.length}] ${fault.name}: ${fault.title}`)
      const row = await runFaultPatiently(world, fault, perSecond)
      say(
        `    ${row.flaws.length === 0 ? 'as promised' : row.flaws.join('\n    ')} (${row.secondsInAll.toFixed(0)} s)`,
      )
      rows.push(row)
      // After each, so that a campaign that breaks off has not been for nothing.
      if (options.json !== undefined) write(options.json, figuresOf(options, capacity, rows))
    }
  } finally {
    await world.stop()
  }
  process.stdout.write(`${renderTable(rows)}\n`)
  const differing = rows.filter(({ flaws }) => flaws.length > 0)
  process.stdout.write(`\n${rows.length - differing.length} of ${rows.length} faults as promised\n`)
  return differing.length === 0 ? 0 : 1
}

function figuresOf({ isShort, engine }: Options, capacity: number, rows: readonly Row[]): Figures {
  const memoryGiB = Math.round(totalmem() / 2 ** 30)
  const machine = { cpus: cpus().length, model: cpus()[0]?.model ?? '', memoryGiB, node: process.version }
  return { at: new Date().toISOString(), isShort, machine, envoy: DEFAULT_ENVOY, engine, capacity, rows }
}

function write(file: string, figures: Figures): void {
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, `${JSON.stringify(figures, null, 2)}\n`)
}

function main(): Promise<number> | number {
  let options: Options | undefined
  try {
    options = parseOptions(process.argv.slice(2), FAULTS)
  } catch (error) {
    say(`${error instanceof Error ? error.message : String(error)}\n\n${HELP}`)
    return 2
  }
  if (options === undefined) process.stdout.write(HELP)
  else if (options.isList)
    for (const { name, title } of options.faults) process.stdout.write(`${name.padEnd(24)}${title}\n`)
  else return run(options)
  return 0
}

process.exitCode = await main()
