import { setTimeout as sleep } from 'node:timers/promises'
import { keys } from '../harness/tokens.ts'
import { mintBook } from './book.ts'
import { begin } from './campaign.ts'
import type { AnswerKind } from './kinds.ts'
import type { World } from './world/world.ts'

const WARM_MS = 2000
const MEASURED_MS = 1000
const IN_FLIGHT = 32
/** Requests a second until all is well for the first time. */
const GENTLY = 80
const DECIDED: readonly AnswerKind[] = ['passed', 'degraded', 'refused', 'nonce']
/** Driver, Envoy, Vigils and store share this machine: beyond this share of what it bears, waiting in line decides. */
const SHARE = 0.5

/** How much the whole of it answers, and what the load is to be: what is wanted, or less on a small machine. */
export async function rateFor(
  world: World,
  given: number | undefined,
): Promise<{ capacity: number; perSecond: number }> {
  world.load.use(mintBook(world.signers, keys.es256))
  // Envoy lets nobody through before it has seen that a Vigil is well, and says so as fast as one can ask.
  await begin(world, GENTLY)
  await world.load.halt()
  const capacity = await capacityOf(world, IN_FLIGHT, WARM_MS, MEASURED_MS)
  const wanted = given ?? Math.min(world.pace.perSecond, Math.max(100, capacity * SHARE))
  return { capacity, perSecond: Math.round(wanted / 10) * 10 }
}

/** Requests that were decided a second, with so many in flight all the time. */
export async function capacityOf(
  world: World,
  inFlight: number,
  warmMs: number,
  measuredMs: number,
): Promise<number> {
  world.load.use(mintBook(world.signers, keys.es256))
  world.load.flood(world.listenerPort, inFlight)
  await sleep(warmMs + measuredMs)
  const samples = await world.load.halt()
  const first = samples[0]?.dueMs ?? 0
  const counted = samples.filter(({ dueMs, answer }) => {
    const atMs = dueMs - first
    return atMs >= warmMs && atMs < warmMs + measuredMs && DECIDED.includes(answer)
  })
  return Math.round((counted.length * 1000) / measuredMs)
}
