/** More is asked than can be had, politely or not. */
import { capacityOf } from '../capacity.ts'
import { type AnswerKind, KINDS } from '../kinds.ts'
import { nowMs } from '../load/messages.ts'
import { type Expected, type Fault, type Tell, WHOLE } from '../promise.ts'
import type { Sample } from '../world/children.ts'
import { type Crowd, crowdAt, envoyGuest, vigilGuest } from '../world/crowd.ts'
import { residentMiB } from '../world/memory.ts'
import { type SlowProxy, startSlowProxy } from '../world/slow-proxy.ts'
import type { World } from '../world/world.ts'

const TIMES = 5
/**
 * Of what is to be had, so much must still come out when five times of it is asked. In the short campaign something must:
 * on a machine that is busy with other things the share is theirs.
 */
const GOODPUT = { full: 0.9, short: 0.01 }
/** More than that, and memory grows with what waits. */
const MOST_GROWTH_MIB = 150

const isGood = new Set(KINDS.filter(({ group }) => group !== 'bad').map(({ name }) => name))
const PASSES: readonly AnswerKind[] = ['passed', 'degraded']

const OR_503: Expected = { may: ['passed', 'degraded', 'nonce', 'unavailable'] }

/**
 * So that driver and Envoy are not what is overloaded: each check waits for a store behind a proxy, and few may wait at
 * once. What can be had is then measured, with just as many at once.
 */
function overload(): Fault {
  let proxy: SlowProxy | undefined
  let capacity = 0
  let sinceMs = 0
  const room = ({ pace }: World) => (pace.isShort ? { inFlight: 3, waitMs: 60 } : { inFlight: 4, waitMs: 10 })
  return {
    name: 'overload',
    title: `${TIMES} times as many checks as two Vigils bear (\`maxInFlight\`)`,
    promise: {
      low: OR_503,
      high: OR_503,
      lowBound: OR_503,
      highBound: OR_503,
      bad: { may: ['refused', 'nonce', 'unavailable'] },
      says: 'at least nine tenths of what can be had; the rest is 503 at once; memory is bounded',
    },
    fixed: async (world) => {
      proxy = await startSlowProxy(world.redis.port)
      const { budgetMs, deadlineMs } = world.pace
      const { inFlight, waitMs } = room(world)
      proxy.delay(waitMs)
      return {
        server: { deadlineMs, maxInFlight: inFlight },
        store: { kind: 'redis', budgetMs, redis: { port: proxy.port } },
      }
    },
    perSecond: async (world) => {
      capacity = await capacityOf(world, 2 * room(world).inFlight, 500, 1500)
      return Math.max(20, capacity / 3)
    },
    start: ({ load }) => {
      sinceMs = nowMs()
      load.rate(TIMES * capacity)
    },
    inspect: async (world, tell) => {
      const samples = world.load.samples().filter(({ dueMs }) => dueMs >= sinceMs)
      held(samples, capacity, nowMs() - sinceMs, world.pace.isShort ? GOODPUT.short : GOODPUT.full, tell)
      growth(world, tell)
    },
    stop: ({ load }) => load.rate(Math.max(20, capacity / 3)),
    tidy: async () => void proxy?.stop(),
  }
}

/** Holds what came out against what can be had: requests that pass, of a load in which a third may not. */
function held(samples: readonly Sample[], capacity: number, tookMs: number, least: number, tell: Tell): void {
  const share = KINDS.filter(({ name }) => isGood.has(name)).reduce((sum, { weight }) => sum + weight, 0)
  const all = KINDS.reduce((sum, { weight, tokens }) => sum + (tokens === 'retired' ? 0 : weight), 0)
  const passed = samples.filter(({ kind, answer }) => isGood.has(kind) && PASSES.includes(answer))
  const goodput = (passed.length * 1000) / tookMs
  const wanted = (capacity * share) / all
  const text = `${Math.round(goodput)} of ${Math.round(wanted)}/s passed (${Math.round((100 * goodput) / wanted)} %)`
  tell.note(text)
  if (goodput < least * wanted) tell.flaw(`too few: ${text}`)
  const shed = samples.filter(({ answer }) => answer === 'unavailable')
  const [quick, slow] = [medianOf(shed), medianOf(passed)]
  tell.note(`503 after ${quick.toFixed(1)} ms, a pass after ${slow.toFixed(1)} ms (medians)`)
  if (shed.length > 0 && quick > slow) tell.flaw('a 503 takes longer than a pass')
}

const medianOf = (samples: readonly Sample[]): number =>
  samples.map(({ latencyMs }) => latencyMs).sort((a, b) => a - b)[samples.length >> 1] ?? 0

/** What Vigils held before the row began; told anew for each. */
const before = new Map<number, number>()

function remember({ vigils }: World): void {
  for (const vigil of vigils) before.set(vigil.port, residentMiB(vigil) ?? 0)
}

function growth({ vigils }: World, tell: Tell): void {
  for (const vigil of vigils) {
    const grown = (residentMiB(vigil) ?? 0) - (before.get(vigil.port) ?? Number.POSITIVE_INFINITY)
    if (grown > MOST_GROWTH_MIB) tell.flaw(`memory of a Vigil grew by ${grown} MiB`)
  }
}

function crowd(name: string, title: string, open: (world: World) => Crowd): Fault {
  let guests: Crowd | undefined
  return {
    name,
    title,
    promise: { ...WHOLE, says: 'nobody else feels it, and memory is bounded' },
    start: (world) => {
      remember(world)
      guests = open(world)
    },
    inspect: async (world, tell) => {
      tell.note(`${guests?.open()} of the connections are still open`)
      growth(world, tell)
    },
    stop: () => guests?.leave(),
  }
}

export const overloaded = overload()

export const crowdFaults: readonly Fault[] = [
  crowd(
    'crowd-at-envoy',
    'A client opens 1,000 connections to Envoy: silent ones, headers byte by byte, headers of 50 KB',
    ({ listenerPort }) => crowdAt(listenerPort, envoyGuest),
  ),
  crowd(
    'crowd-at-vigil',
    'A client opens 1,000 connections to Vigil itself: silent ones, frames byte by byte, headers of 60 KB',
    ({ vigils: [vigil] }) => crowdAt(vigil.port, vigilGuest),
  ),
]
