import { parseArgs } from 'node:util'
import type { Fault } from './promise.ts'

export interface Options {
  readonly isShort: boolean
  readonly isList: boolean
  readonly faults: readonly Fault[]
  readonly json?: string
  /** Checks a second; absent: as many as this machine bears. */
  readonly rate?: number
  readonly engine: 'valkey' | 'redis'
}

export const HELP = `npm run chaos -- [--short] [--only NAME]... [--rate N] [--engine redis] [--json FILE] [--list]

Breaks one thing after the other under load, and holds what happens against what docs/failures.md promises: a real Envoy
with envoy/edge.yaml, two Vigils, a real store, an issuer, and a load that knows of each request whether it may pass. What
may not and reaches the application all the same is a wrong allow. docs/reliability.md shows the last full campaign.

  --short         two seconds for each fault, less load, and more patience: for CI; without it ten seconds for each
  --only NAME     one fault; may be given more than once
  --rate N        checks a second; without it 2000 (--short: 300), or less where this machine does not bear so many
  --engine redis  the redis-server of this machine as the store; without it Valkey
  --json FILE     every figure, with versions and machine
  --list          the names of the faults
  --help

The table goes to standard output, progress to standard error. Needs Envoy and Valkey: npm run tools.

Examples
  npm run chaos -- --short
  npm run chaos -- --only redis-killed --only vigil-sigterm
  npm run chaos -- --json docs/figures/chaos.json && npm run docs

Exit codes
  0   every promise was kept
  1   one was not, or the campaign could not be held
  2   wrong usage
`

/** @returns undefined when help is asked for. @throws with a sentence when the arguments are wrong. */
export function parseOptions(args: readonly string[], all: readonly Fault[]): Options | undefined {
  const { values } = parseArgs({
    args: [...args],
    options: {
      short: { type: 'boolean', default: false },
      list: { type: 'boolean', default: false },
      only: { type: 'string', multiple: true, default: [] },
      rate: { type: 'string' },
      engine: { type: 'string', default: 'valkey' },
      json: { type: 'string' },
      help: { type: 'boolean', short: 'h' },
    },
  })
  if (values.help) return undefined
  const { only, engine, json } = values
  const unknown = only.find((name) => all.every((fault) => fault.name !== name))
  if (unknown !== undefined) throw new Error(`--only ${unknown}: --list tells the names of the faults`)
  if (engine !== 'valkey' && engine !== 'redis') throw new Error(`--engine ${engine}: give valkey or redis`)
  const rate = values.rate === undefined ? undefined : Number(values.rate)
  if (rate !== undefined && !(rate >= 10)) throw new Error('--rate: give checks a second, 10 at least')
  const isWanted = ({ name, isFullOnly }: Fault) =>
    only.length === 0 ? !values.short || isFullOnly === undefined : only.includes(name)
  return {
    isShort: values.short,
    isList: values.list,
    faults: all.filter(isWanted),
    engine,
    ...(json === undefined ? {} : { json }),
    ...(rate === undefined ? {} : { rate }),
  }
}
