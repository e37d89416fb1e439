import type { Mint, Workload } from '../workload.ts'
import { jwksOf } from '../workload.ts'
import { type Server, startEmpty, startVigil } from './process.ts'

/** One line of the table: a server of its own, and what it is asked. */
export interface Row {
  readonly name: string
  readonly kind: keyof Mint
  readonly server: Server
}

interface RowPlan {
  readonly name: string
  readonly kind: keyof Mint
  readonly store: 'none' | 'memory' | 'redis'
  readonly isExtra?: true
  readonly transport?: 'grpc-js'
}

export const EMPTY = 'empty grpc-js handler'

const ROWS: readonly RowPlan[] = [
  { name: EMPTY, kind: 'bearer', store: 'none' },
  { name: 'vigil, memory store', kind: 'bearer', store: 'memory' },
  {
    name: 'vigil on grpc-js, memory store',
    kind: 'bearer',
    store: 'memory',
    isExtra: true,
    transport: 'grpc-js',
  },
  { name: 'vigil, Redis', kind: 'bearer', store: 'redis' },
  { name: 'DPoP proof each, memory store', kind: 'proven', store: 'memory', isExtra: true },
  { name: 'DPoP proof each, Redis', kind: 'proven', store: 'redis' },
  { name: 'token seen for the first time, Redis', kind: 'fresh', store: 'redis', isExtra: true },
]

/** What a run can do and wants. */
export interface Extent {
  readonly hasRedis: boolean
  readonly hasAllRows: boolean
}

const plansOf = ({ hasRedis, hasAllRows }: Extent): RowPlan[] =>
  ROWS.filter(({ store, isExtra }) => (hasRedis || store !== 'redis') && (hasAllRows || isExtra !== true))

export const rowCount = (extent: Extent): number => plansOf(extent).length

/** @param redisPort absent: the rows that need Redis are left out */
export async function openRows(
  workload: Workload,
  hasAllRows: boolean,
  redisPort: number | undefined,
): Promise<Row[]> {
  const jwks = jwksOf(workload)
  const rows: Row[] = []
  for (const { name, kind, store, transport } of plansOf({ hasAllRows, hasRedis: redisPort !== undefined })) {
    const own = { jwks, transport, ...(store === 'redis' && { redisPort }) }
    rows.push({ name, kind, server: await (store === 'none' ? startEmpty() : startVigil(own)) })
  }
  return rows
}
