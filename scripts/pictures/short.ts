import { MEMORY, REDIS } from '../../test/bench/grpc/rows.ts'
import type { FiguresOf } from './figures.ts'
import { SHOWN } from './sizing.ts'
import { markdownTable, number } from './text.ts'

type Grpc = NonNullable<FiguresOf['bench']['grpc']>
type EnvoyRows = FiguresOf['envoy']['envoy']['rows']

/** The rate that both benchmarks are asked at. */
const RATE = 1000

/** The same thing behind an Envoy. */
const BEHIND_ENVOY: Readonly<Record<string, string>> = {
  [MEMORY]: '+ Vigil, memory store',
  [REDIS]: '+ Vigil, Redis',
}

/** The answer to "how fast is it", before any line that it is held to. */
export function shortTable(grpc: Grpc, envoy: EnvoyRows = []): string {
  const added = (row: string) => {
    const open = envoy.find((one) => one.row === BEHIND_ENVOY[row])?.open
    return open?.find(({ perSecond }) => perSecond === RATE)?.addedP50Us?.median
  }
  const ms = (us: number | undefined) => (us === undefined ? '' : `${number(us / 1000)} ms`)
  return markdownTable(
    [
      'each check shows',
      'checks/s of one core',
      'CPU of a check',
      `p50 at ${number(RATE)}/s`,
      'added to p50 of Envoy',
    ],
    SHOWN.flatMap(([name, words]) => {
      const row = grpc.rows.find((one) => one.name === name)
      if (row?.perSecond === undefined || row.cpuUsAtFull === undefined) return []
      const at = row.at[RATE]
      const p50 = at === undefined || at.isOverloaded ? undefined : at.p50Us
      const cpu = `${number(row.cpuUsAtFull)} µs`
      return [[words, number(row.perSecond), cpu, ms(p50), ms(added(name))]]
    }),
  )
}
