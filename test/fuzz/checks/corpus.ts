/** Cases that were found once: each is a file that anybody can read and that a test plays again for ever. */
import { createHash } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { ROOT } from '../../../scripts/root.ts'
import { createMemory } from './oracle/index.ts'
import { decodeRequest, readSeen } from './oracle/seen.ts'
import type { Plan } from './plan.ts'
import { judge, type Passed, runPlan, type Stage, secretsOf } from './run.ts'
import type { World } from './settings.ts'
import { openTarget, type Sent } from './target.ts'

export const CORPUS = join(ROOT, 'test/corpus')

interface Entry {
  /** What was wrong when it was found. */
  readonly about: string
  /** From which numbers it can be made again, as long as the generator stays as it is. */
  readonly found: { readonly seed: number; readonly plan: Plan }
  readonly world: World
  readonly ledger: { readonly nonces: readonly [string, never][]; readonly hops: readonly [string, never][] }
  readonly steps: readonly (Omit<Sent, 'bytes'> & { readonly request: unknown; readonly bytes: string })[]
}

/** Buffers as the text that they hold, and no certificate at length. */
function readable(_name: string, value: unknown): unknown {
  if (typeof value === 'object' && value !== null && 'type' in value && value.type === 'Buffer') {
    return Buffer.from((value as unknown as { data: number[] }).data).toString('latin1')
  }
  return typeof value === 'string' && value.startsWith('-----BEGIN') ? `${value.slice(0, 40)}…` : value
}

function requestOf(bytes: Buffer): unknown {
  try {
    return JSON.parse(JSON.stringify(decodeRequest(bytes), readable))
  } catch {
    return 'cannot be decoded'
  }
}

const WIDTH = 110

/** JSON in which what fits into a line stands in one: a configuration is read in one look. */
function written(value: unknown, indent: string): string {
  const line = JSON.stringify(value) ?? 'null'
  if (line.length + indent.length <= WIDTH || typeof value !== 'object' || value === null) return line
  const inner = `${indent}  `
  const parts = Array.isArray(value)
    ? value.map((each) => written(each, inner))
    : Object.entries(value).flatMap(([name, each]) =>
        each === undefined ? [] : `${JSON.stringify(name)}: ${written(each, inner)}`,
      )
  const [open, close] = Array.isArray(value) ? '[]' : '{}'
  return `${open}\n${parts.map((part) => inner + part).join(',\n')}\n${indent}${close}`
}

/** Runs the plan once more and writes down what was sent. @returns the name of the file */
export async function writeEntry(seed: number, plan: Plan, stage: Stage, folder = CORPUS): Promise<string> {
  const memory = createMemory()
  const passed = await runPlan(plan, stage, memory)
  const about = passed.at(-1)?.flaw ?? 'not seen again'
  const entry: Entry = {
    about,
    found: { seed, plan },
    world: stage.world,
    ledger: { nonces: [...memory.ledger.nonces] as never, hops: [...memory.ledger.hops] as never },
    steps: passed.map(({ sent: { bytes, ...rest } }) => ({
      ...rest,
      request: requestOf(bytes),
      bytes: bytes.toString('base64'),
    })),
  }
  const text = `${written(entry, '')}\n`
  const slug = about
    .toLowerCase()
    .replace(/[^a-z]+/g, '-')
    .slice(0, 48)
    .replace(/^-|-$/g, '')
  const name = `${slug}-${createHash('sha256').update(JSON.stringify(plan)).digest('hex').slice(0, 8)}.json`
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, name), text)
  return name
}

export const corpusNames = (folder = CORPUS): string[] =>
  readdirSync(folder)
    .filter((name) => name.endsWith('.json'))
    .sort()

/** Plays a file again, byte for byte. @returns its steps as they go now */
export async function playEntry(name: string, folder = CORPUS): Promise<Passed[]> {
  const { world, ledger, steps } = JSON.parse(readFileSync(join(folder, name), 'utf8')) as Entry
  const stage = { world, target: await openTarget(world) }
  const memory = createMemory({ nonces: new Map(ledger.nonces), hops: new Map(ledger.hops) })
  const passed: Passed[] = []
  for (const { request: _request, bytes, ...rest } of steps) {
    const sent = { ...rest, bytes: Buffer.from(bytes, 'base64') }
    const seen = readSeen(sent.bytes)
    const headers =
      typeof seen === 'string'
        ? []
        : [...seen.headers].flatMap(([key, values]) => values.map((value) => [key, value] as const))
    passed.push(await judge(sent, stage, memory, secretsOf(headers, 'x-device-posture'), false))
    await stage.target.learn()
  }
  return passed
}
