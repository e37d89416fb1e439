import { FRESH, MEMORY, onTwoCores, PROVEN, REDIS } from '../../test/bench/grpc/rows.ts'
import type { FiguresOf } from './figures.ts'
import { markdownTable, number } from './text.ts'

type Bench = FiguresOf['bench']
type Grpc = NonNullable<Bench['grpc']>
type Row = Grpc['rows'][number]

/** What a check shows, by the row that measured it. */
export const SHOWN: readonly (readonly [row: string, words: string])[] = [
  [MEMORY, 'a token that was seen before, memory store'],
  [REDIS, 'a token that was seen before, Redis'],
  [PROVEN, 'the same and a new DPoP proof, Redis'],
  [FRESH, 'a token never seen before, Redis'],
]

/** What a pod costs with Redis, as far as it was measured. */
interface Costs {
  /** Checks/s of a full core. */
  readonly plain: number
  readonly proof: number
  readonly first: number
  /** CPU of a plain check at 1,000/s, microseconds. */
  readonly quietUs: number
}

const rowOf = ({ rows }: Grpc, name: string): Row | undefined => rows.find((row) => row.name === name)
const cell = (value: number | undefined) => (value === undefined ? '' : number(value))

/** Undefined when a row is missing that pods are reckoned with. */
export function costsOf(grpc: Grpc): Costs | undefined {
  const of = (name: string) => rowOf(grpc, name)?.perSecond
  const costs = { plain: of(REDIS), proof: of(PROVEN), first: of(FRESH), quietUs: rowOf(grpc, REDIS)?.cpuUs }
  return Object.values(costs).some((cost) => cost === undefined) ? undefined : (costs as Costs)
}

/** What a check costs, by what it shows. */
export const checksTable = (grpc: Grpc): string =>
  markdownTable(
    [
      'each check shows',
      'checks/s of a full core',
      'CPU of a check, core full',
      'at 1,000/s',
      'resident under load',
    ],
    SHOWN.flatMap(([name, words]) => {
      const row = rowOf(grpc, name)
      if (row === undefined) return []
      const us = (value: number | undefined) => (value === undefined ? '' : `${number(value)} µs`)
      return [[words, cell(row.perSecond), us(row.cpuUsAtFull), us(row.cpuUs), `${number(row.rssMb)} MB`]]
    }),
  )

const EXAMPLE = { perSecond: 6000, proofShare: 0.1, cpuShare: 0.5 }

/** How many pods, with the figures in the sums. */
export function capacityText({ plain, proof, first, quietUs }: Costs): string {
  const quietShare = (1000 * quietUs) / 1e6
  const { perSecond, proofShare, cpuShare } = EXAMPLE
  const capacity = 1 / ((1 - proofShare) / plain + proofShare / proof)
  const pods = Math.ceil(perSecond / (capacity * cpuShare))
  return [
    'A check on a quiet core costs more: fewer share what is done once for all checks of a moment. So CPU rises fast at first and flat later: ' +
      `with Redis 1,000 checks/s took ${number(100 * quietShare)} % of a core, and the rest of it took ${number(plain - 1000)} more.`,
    `\`\`\`
capacity = 1 / (share of plain / ${number(plain)}  +  share of proofs / ${number(proof)}  +  share of first tokens / ${number(first)})   checks/s of a pod
pods     = peak / (capacity × ${cpuShare}), rounded up, and one more                                        never fewer than zones
\`\`\``,
    `Half, because answers get slower long before a core is full, and one more for a node that goes. An example: ${number(perSecond)} checks/s at the ` +
      `peak, one in ten with a proof: 1 / (${1 - proofShare} / ${number(plain)} + ${proofShare} / ${number(proof)}) = ${number(capacity)}; ` +
      `${number(perSecond)} / ${number(capacity * cpuShare)} is ${pods} when it is rounded up, and one more: ${pods + 1} pods.`,
  ].join('\n\n')
}

/** Resident memory of a process. */
export function residentText({ grpc, memory, start }: Bench): string {
  const all = (grpc?.rows ?? []).flatMap(({ name, rssMb }) =>
    SHOWN.some(([row]) => row === name || onTwoCores(row) === name) ? [rssMb] : [],
  )
  const idle = start?.idleBytes
  return [
    ...(idle === undefined
      ? []
      : [`Half a second after its start a process takes ${number(idle / 1e6)} MB.`]),
    ...(all.length === 0
      ? []
      : [
          `Under load it took ${number(Math.min(...all))} to ${number(Math.max(...all))} MB, by what checks show.`,
        ]),
    ...(memory === undefined
      ? []
      : [
          `${number(memory.identities)} identities in the memory store brought it to ${number(memory.addedPeakBytes / 1e6)} MB over an empty handler ` +
            `under the same load, ${number(memory.bytesPerIdentity)} bytes held for each.`,
        ]),
  ].join(' ')
}

/** One core against two, at rates that both keep. */
export const coresTable = (grpc: Grpc): string =>
  markdownTable(
    [
      'at 1,000/s',
      'p50, µs, one core',
      'two',
      'p99, µs, one core',
      'two',
      'CPU, µs, one core',
      'two',
      'resident, MB, one core',
      'two',
    ],
    [MEMORY, REDIS].map((name) => {
      const pair = [rowOf(grpc, name), rowOf(grpc, onTwoCores(name))]
      const figures = pair.map((row) => {
        const at = row?.at['1000']
        return at === undefined || at.isOverloaded ? [] : [at.p50Us, at.p99Us, at.cpuUs, row?.rssMb]
      })
      const both = (i: number) => figures.map((figure) => cell(figure[i]))
      return [name, ...[0, 1, 2, 3].flatMap(both)]
    }),
  )
