import type { Point, Series } from '../../test/bench/growth/curves.ts'
import { EACH_PER_SECOND } from '../../test/bench/growth/plan.ts'
import type { FiguresOf } from './figures.ts'
import { FULL_HABITS, REDIS } from './growth.ts'
import { markdownTable, number } from './text.ts'

/** What one of each costs, as it was measured. */
export interface UnitCosts {
  /**
   * CPU of Vigil for a check with a known token and Redis, microseconds: a core of its own that is full, and with 500 checks/s. What
   * the check teaches is in.
   */
  readonly vigilUs: number
  readonly vigilUsAlone: number
  /** CPU of Redis for a check where many share a call, microseconds: the dearest that was measured. */
  readonly redisUs: number
  /** The same with a call for nearly each check, by the checks/s of the whole Redis, in their order. It falls: a turn of a busy server takes several calls. */
  readonly redisUsAlone: readonly { readonly perSecond: number; readonly us: number }[]
  /** Bytes of Redis for an identity with as many habits as are kept, and for a new one. */
  readonly identityBytes: number
  readonly newIdentityBytes: number
  /** CPU of Vigil to verify a token that it has not seen; absent when it was not measured. */
  readonly verifyUs?: number
}

/** Undefined when a curve that is needed was not measured. */
export function unitCosts(
  processes: readonly Series[] | undefined,
  identities: readonly Series[] | undefined,
  pipeline: FiguresOf['bench']['pipeline'] = [],
): UnitCosts | undefined {
  const points = of(processes, REDIS)?.points ?? []
  const median = (point: Point | undefined, key: string) => point?.figures[key]?.median ?? Number.NaN
  const first = points[0]
  const identity = (name: string) => of(identities, name)?.points.at(-1)?.figures['bytesPerIdentity']?.median
  const [identityBytes, newIdentityBytes] = [identity(FULL_HABITS), identity(REDIS)]
  if (first === undefined || identityBytes === undefined || newIdentityBytes === undefined) return undefined
  const verified = pipeline.find(({ name }) => name.includes('not cached'))
  return {
    vigilUs: median(first, 'cpuUsAtFull'),
    vigilUsAlone: median(first, 'cpuUs'),
    redisUs: Math.max(...points.map((point) => median(point, 'redisCpuUsAtFull'))),
    redisUsAlone: points.map((point) => ({
      perSecond: point.x * EACH_PER_SECOND,
      us: median(point, 'redisCpuUs'),
    })),
    identityBytes,
    newIdentityBytes,
    ...(verified && { verifyUs: verified.cpuNs / 1000 }),
  }
}

const of = (series: readonly Series[] | undefined, name: string) => series?.find((one) => one.name === name)

/** What is planned for. */
export interface Wanted {
  readonly identities: number
  readonly perSecond: number
  /** Share of checks whose token its pod has not seen. */
  readonly firstShare: number
  /** Share of a core, and of a server's memory, that is used at the peak. */
  readonly cpuShare: number
  readonly memoryShare: number
  readonly shardBytes: number
}

export interface Plan {
  /** CPU of a check, first tokens in. */
  readonly vigilUs: number
  /** CPU of Redis for a check. */
  readonly redisUs: number
  readonly pods: number
  readonly shardsForCpu: number
  readonly shardsForMemory: number
  readonly shards: number
  readonly stateBytes: number
  /** Core-hours of Vigil and of Redis for a thousand million checks. */
  readonly vigilHours: number
  readonly redisHours: number
}

/** Pods of one core each, one of them to spare; shards of one core each. */
export function planOf(costs: UnitCosts, wanted: Wanted): Plan {
  const vigilUs = costs.vigilUs + wanted.firstShare * (costs.verifyUs ?? 0)
  const cores = (us: number) => Math.ceil((wanted.perSecond * us) / 1e6 / wanted.cpuShare)
  const stateBytes = wanted.identities * costs.identityBytes
  const redisUs = redisUsOf(costs, (us) => wanted.perSecond / cores(us))
  const shardsForCpu = cores(redisUs)
  const shardsForMemory = Math.ceil(stateBytes / (wanted.shardBytes * wanted.memoryShare))
  const hours = (us: number) => (1e9 * us) / 1e6 / 3600
  return {
    pods: cores(vigilUs) + 1,
    shardsForCpu,
    shardsForMemory,
    shards: Math.max(shardsForCpu, shardsForMemory),
    stateBytes,
    vigilUs,
    vigilHours: hours(vigilUs / wanted.cpuShare),
    redisUs,
    redisHours: hours(redisUs / wanted.cpuShare),
  }
}

/**
 * CPU of Redis for a check with a call for nearly each, microseconds: of the busiest point that was measured at no more checks/s than
 * a primary would get if checks cost that; else of the quietest, which is the dearest.
 * @param perPrimary checks/s of a primary, from what one costs
 */
function redisUsOf({ redisUsAlone }: UnitCosts, perPrimary: (us: number) => number): number {
  const fitting = redisUsAlone.findLast(({ perSecond, us }) => perSecond <= perPrimary(us))
  return (fitting ?? redisUsAlone[0])?.us ?? Number.NaN
}

export const EXAMPLE: Wanted = {
  identities: 100_000_000,
  perSecond: 200_000,
  firstShare: 0.1,
  cpuShare: 0.5,
  memoryShare: 0.6,
  shardBytes: 16e9,
}

export const costsTable = (costs: UnitCosts): string =>
  markdownTable(
    ['one', 'costs', 'measured by'],
    [
      [
        'check, Vigil',
        `${number(costs.vigilUs)} µs of CPU, its core full; ${number(costs.vigilUsAlone)} µs at 500/s`,
        '`processes`',
      ],
      [
        'check, Redis',
        `${number(costs.redisUs)} µs of CPU where many share a call; a call for nearly each: ${costs.redisUsAlone
          .map(({ perSecond, us }) => `${number(us)} µs at ${number(perSecond)}/s`)
          .join(', ')}`,
        '`processes`',
      ],
      [
        'identity, Redis',
        `${number(costs.newIdentityBytes)} bytes when it is new, ${number(costs.identityBytes)} with as many habits as are kept`,
        '`identities`',
      ],
    ],
  )

/** The same sums with the figures in them. */
export function exampleText(costs: UnitCosts, wanted: Wanted): string {
  const plan = planOf(costs, wanted)
  const { perSecond, identities, cpuShare, memoryShare, shardBytes } = wanted
  const lines = [
    ...firstLine(costs, wanted),
    `pods      ${number(perSecond)} × ${number(plan.vigilUs)} µs / ${cpuShare}  = ${number(plan.pods - 1)} cores, and one to spare: ${number(plan.pods)} pods of one core`,
    `memory    ${number(identities)} × ${number(costs.identityBytes)} bytes  = ${number(plan.stateBytes / 1e9)} GB`,
    `shards    by memory  ${number(plan.stateBytes / 1e9)} GB / (${number(shardBytes / 1e9)} GB × ${memoryShare})  = ${number(plan.shardsForMemory)}`,
    `          by CPU     ${number(perSecond)} × ${number(plan.redisUs)} µs / ${cpuShare}  = ${number(plan.shardsForCpu)}`,
    `          so ${number(plan.shards)} primaries, each with a replica: ${number(2 * plan.shards)} servers`,
    `slots     16,384 / ${number(plan.shards)}  = ${number(16_384 / plan.shards)} for each primary, ${number(identities / 16_384)} identities in each`,
    `price     a thousand million checks: ${number(plan.vigilHours)} core-hours of Vigil, ${number(plan.redisHours)} of Redis primaries`,
  ]
  return `\`\`\`\n${lines.join('\n')}\n\`\`\``
}

function firstLine({ vigilUs, verifyUs }: UnitCosts, { firstShare }: Wanted): string[] {
  if (verifyUs === undefined) return []
  return [
    `check     ${number(vigilUs)} µs + ${firstShare} × ${number(verifyUs)} µs for tokens that the pod has not seen  = ${number(vigilUs + firstShare * verifyUs)} µs`,
  ]
}

/** What one primary bears, so what one identity, one address or one action may ask at most. */
export const hotText = (costs: UnitCosts): string =>
  `One primary does ${number(1e6 / (costs.redisUsAlone.at(-1)?.us ?? Number.NaN))} checks/s before its core is full, by what one costs at ` +
  `${number(costs.redisUsAlone.at(-1)?.perSecond ?? 0)}/s, the most that was measured with a call for nearly each; ${number(1e6 / costs.redisUs)} where calls are shared.`
