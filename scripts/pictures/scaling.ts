import type { Series } from '../../test/bench/growth/curves.ts'
import type { FiguresOf } from './figures.ts'
import { FULL_HABITS, REDIS } from './growth.ts'
import { markdownTable, number } from './text.ts'

/** What one of each costs, as it was measured. */
export interface UnitCosts {
  /**
   * CPU of Vigil for a check with a known token and Redis, microseconds: its core full, and with 500 checks/s. What the check teaches is
   * in.
   */
  readonly vigilUs: number
  readonly vigilUsAlone: number
  /** CPU of Redis for a check, microseconds: many checks in a call, and a call for nearly each. */
  readonly redisUs: number
  readonly redisUsAlone: number
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
  const worst = (key: string): number | undefined => {
    const all = of(processes, REDIS)?.points.map(({ figures }) => figures[key]?.median ?? Number.NaN)
    return all && Math.max(...all)
  }
  const identity = (name: string) => of(identities, name)?.points.at(-1)?.figures['bytesPerIdentity']?.median
  const costs = {
    vigilUs: worst('cpuUsAtFull'),
    vigilUsAlone: worst('cpuUs'),
    redisUs: worst('redisCpuUsAtFull'),
    redisUsAlone: worst('redisCpuUs'),
    identityBytes: identity(FULL_HABITS),
    newIdentityBytes: identity(REDIS),
  }
  if (Object.values(costs).some((cost) => cost === undefined)) return undefined
  const verified = pipeline.find(({ name }) => name.includes('not cached'))
  return { ...(costs as UnitCosts), ...(verified && { verifyUs: verified.cpuNs / 1000 }) }
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
  readonly pods: number
  readonly shardsForCpu: number
  readonly shardsForMemory: number
  readonly shards: number
  readonly stateBytes: number
  /** Core-hours of Vigil and of Redis for a thousand million checks. */
  readonly vigilHours: number
  readonly redisHours: number
}

/** Pods of one core each, one of them to spare; shards of one core each. Redis is reckoned at a call for nearly each check. */
export function planOf(costs: UnitCosts, wanted: Wanted): Plan {
  const vigilUs = costs.vigilUs + wanted.firstShare * (costs.verifyUs ?? 0)
  const cores = (us: number) => Math.ceil((wanted.perSecond * us) / 1e6 / wanted.cpuShare)
  const stateBytes = wanted.identities * costs.identityBytes
  const shardsForCpu = cores(costs.redisUsAlone)
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
    redisHours: hours(costs.redisUsAlone / wanted.cpuShare),
  }
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
        `${number(costs.redisUs)} µs of CPU where many share a call; ${number(costs.redisUsAlone)} µs at 500/s for each process`,
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
    `          by CPU     ${number(perSecond)} × ${number(costs.redisUsAlone)} µs / ${cpuShare}  = ${number(plan.shardsForCpu)}`,
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
  `One primary does about ${number(1e6 / costs.redisUsAlone)} checks/s before its core is full, up to ` +
  `${number(1e6 / costs.redisUs)} where calls are shared.`
