import { setTimeout as sleep } from 'node:timers/promises'
import { keys } from '../harness/tokens.ts'
import { mintBook } from './book.ts'
import { judge, type Marks, recoveryOf, type Verdict } from './judge.ts'
import { nowMs } from './load/messages.ts'
import type { Fault, Tell } from './promise.ts'
import { watchMemory } from './world/memory.ts'
import type { World } from './world/world.ts'

export interface Row extends Verdict {
  readonly name: string
  readonly title: string
  readonly says: string
  readonly perSecond: number
  /** The greatest resident memory of one Vigil, where the system tells it. */
  readonly memoryMiB: number | undefined
  readonly secondsInAll: number
  readonly notes: readonly string[]
}

/** Longest wait for all to be well again: Envoy may leave a Vigil out for a while that was away. */
const RECOVERY_MS = 40_000
/** Longest wait for all to be well at one pace, and the least pace, in requests a second. */
const BEGIN_MS = 10_000
const SLOWEST = 40
const LOOK_MS = 100

/**
 * The same, and once more with half of the load where something other than a wrong allow differs: a machine that does other
 * things for a moment breaks promises, too. What the first time was like stands in the notes.
 */
export async function runFaultPatiently(world: World, fault: Fault, perSecond: number): Promise<Row> {
  const first = await runFault(world, fault, perSecond)
  if (first.flaws.length === 0 || Object.keys(first.wrong).length > 0) return first
  const second = await runFault(world, fault, Math.round(first.perSecond / 2))
  return {
    ...second,
    notes: [...second.notes, `at the second attempt; the first: ${first.flaws.join('; ')}`],
  }
}

/** One fault under load: before, during, until all is well again. Never throws: what broke the campaign is a flaw. */
export async function runFault(world: World, fault: Fault, usually: number): Promise<Row> {
  const beganMs = nowMs()
  const notes: string[] = []
  const flaws: string[] = []
  const tell: Tell = { note: (text) => void notes.push(text), flaw: (text) => void flaws.push(text) }
  const step: Step = async (what, act) => {
    try {
      await act()
    } catch (error) {
      tell.flaw(`${what}: ${error instanceof Error ? error.message.split('\n')[0] : String(error)}`)
    }
  }
  let perSecond = usually
  await step('prepare', async () => {
    await world.use(await fault.fixed?.(world))
    await fault.prepare?.(world)
    perSecond = Math.round((await fault.perSecond?.(world)) ?? usually)
  })
  const memory = watchMemory(world.vigils)
  world.load.use(mintBook(world.signers, keys.es256))
  await world.app.reached()
  await step('before', async () => {
    perSecond = await begin(world, perSecond)
  })
  const marks = await strike(world, fault, tell, step)
  await sleepUntil(() => recoveryOf(world.load.samples(), marks.stopMs, perSecond) !== undefined, RECOVERY_MS)
  const samples = await world.load.halt()
  const reached = await world.app.reached()
  const memoryMiB = memory.stop()
  await step('tidy', () => fault.tidy?.(world))
  const verdict = judge(fault.promise, samples, marks, reached, perSecond)
  const { name, title, promise } = fault
  const secondsInAll = (nowMs() - beganMs) / 1000
  const told = { name, title, says: promise.says, perSecond, memoryMiB, secondsInAll, notes }
  return { ...told, ...verdict, flaws: [...verdict.flaws, ...flaws] }
}

type Step = (what: string, act: () => unknown) => Promise<void>

/**
 * The load runs for a while, and all is well: else the fault before would be judged with this one. On a machine that is too
 * busy for it, at half of the pace.
 * @returns requests a second
 */
export async function begin(world: World, wanted: number): Promise<number> {
  for (let perSecond = wanted; ; perSecond = Math.round(perSecond / 2)) {
    const fromMs = nowMs()
    world.load.go(world.listenerPort, perSecond)
    const isWell = () => recoveryOf(world.load.samples(), fromMs, perSecond) !== undefined
    if (await sleepUntil(isWell, BEGIN_MS)) {
      await sleep(Math.max(0, world.pace.warmMs - (nowMs() - fromMs)))
      return perSecond
    }
    if (perSecond <= SLOWEST) throw new Error('all was not well beforehand')
    await world.load.halt()
  }
}

async function strike(world: World, fault: Fault, tell: Tell, step: Step): Promise<Marks> {
  const startMs = nowMs()
  await step('start', () => fault.start(world))
  const { faultMs } = world.pace
  // One that takes its time to begin lasts for a while after that, too.
  const begunMs = nowMs()
  const endMs = Math.max(startMs + faultMs, begunMs + faultMs / 2)
  await sleep(endMs - begunMs)
  await step('inspect', () => fault.inspect?.(world, tell))
  const stopMs = nowMs()
  await step('stop', () => fault.stop(world))
  return { startMs, feltMs: (begunMs + stopMs) / 2, stopMs }
}

async function sleepUntil(isSo: () => boolean, longestMs: number): Promise<boolean> {
  const untilMs = nowMs() + longestMs
  while (!isSo()) {
    if (nowMs() > untilMs) return false
    await sleep(LOOK_MS)
  }
  return true
}
