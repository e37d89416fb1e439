import type { LoadResult } from '../grpc/load.ts'
import { pinPid } from '../pin.ts'
import { cpuUsOf } from './cpu.ts'
import type { Row } from './rows.ts'

export interface RoundPlan {
  readonly rounds: number
  /** Requests before anything counts, by each row. */
  readonly warmSeconds: number
  /** Before each closed loop, not counted: connections, and pages that others had in their caches. */
  readonly leadSeconds: number
  readonly closedSeconds: number
  readonly openSeconds: number
}

/** CPU of each process for one request, in microseconds; NaN where the system does not tell it. */
export interface CpuUs {
  readonly envoy: number
  /** Of the server that is asked; 0 where nobody is. */
  readonly asked: number
}

export interface Loop {
  readonly load: LoadResult
  readonly cpuUs: CpuUs
}

/** One row in one round. */
export interface Measured {
  readonly row: string
  readonly closed: Loop
  /** By requests a second. */
  readonly open: readonly (Loop & { readonly perSecond: number })[]
}

export const IN_FLIGHT = 50
/** Open loops: what a quiet and what a busy worker has to bear. */
export const RATES = [1000, 3000] as const

const OVERHEAD_SHARE = 0.12
export const rowSeconds = ({ leadSeconds, closedSeconds, openSeconds }: RoundPlan): number =>
  (leadSeconds + closedSeconds + RATES.length * openSeconds) * (1 + OVERHEAD_SHARE)

export interface Bench {
  load(plan: {
    address: string
    kind: 'closed' | 'open'
    count: number
    seconds: number
  }): Promise<LoadResult>
  readonly envoyPid: number
}

/** Rows take turns, and each round begins with another one. */
export async function runRounds(
  bench: Bench,
  rows: readonly Row[],
  plan: RoundPlan,
  say: (line: string, seconds: number) => void,
): Promise<Measured[][]> {
  for (const row of rows) {
    say(`warm-up: ${row.name}`, plan.warmSeconds)
    await closedLoop(bench, row, plan.warmSeconds)
  }
  const results: Measured[][] = []
  for (let i = 0; i < plan.rounds; i++) {
    const turn = i % rows.length
    const round: Measured[] = []
    for (const row of [...rows.slice(turn), ...rows.slice(0, turn)]) {
      say(`round ${i + 1} of ${plan.rounds}: ${row.name}`, rowSeconds(plan))
      round.push(await measureRow(bench, row, plan))
    }
    results.push(round)
  }
  return results
}

async function measureRow(bench: Bench, row: Row, plan: RoundPlan): Promise<Measured> {
  await closedLoop(bench, row, plan.leadSeconds)
  const closed = await counted(bench, row, () => closedLoop(bench, row, plan.closedSeconds))
  const open = []
  for (const perSecond of RATES) {
    open.push({
      perSecond,
      ...(await counted(bench, row, () => openLoop(bench, row, perSecond, plan.openSeconds))),
    })
  }
  return { row: row.name, closed, open }
}

/** Envoy and what it asks share a core: requests per second are those of one core that runs both. */
function closedLoop({ load, envoyPid }: Bench, { address }: Row, seconds: number): Promise<LoadResult> {
  pinPid('subject', envoyPid)
  return load({ address, kind: 'closed', count: IN_FLIGHT, seconds })
}

/** Envoy goes to the driver's core, so that none waits for the other: in production they seldom share one. */
function openLoop(
  { load, envoyPid }: Bench,
  { address }: Row,
  perSecond: number,
  seconds: number,
): Promise<LoadResult> {
  pinPid('driver', envoyPid)
  return load({ address, kind: 'open', count: perSecond, seconds })
}

async function counted({ envoyPid }: Bench, row: Row, run: () => Promise<LoadResult>): Promise<Loop> {
  const asked = async () => (await row.server?.ask('usage'))?.cpuUs ?? 0
  const before = { envoy: cpuUsOf(envoyPid), asked: await asked() }
  const load = await run()
  const after = { envoy: cpuUsOf(envoyPid), asked: await asked() }
  expectPassed(row.name, load)
  return {
    load,
    cpuUs: {
      envoy: ((after.envoy ?? Number.NaN) - (before.envoy ?? Number.NaN)) / load.sent,
      asked: (after.asked - before.asked) / load.sent,
    },
  }
}

const LEAST_PASSED = 0.99

function expectPassed(name: string, { sent, passed, refused, failed }: LoadResult): void {
  if (sent === 0 || passed < LEAST_PASSED * sent)
    throw new Error(`${name}: ${passed} of ${sent} passed, ${refused} were refused, ${failed} failed`)
}
