import type { Mint, Workload } from '../workload.ts'
import { jwksOf } from '../workload.ts'
import { type Server, startServer } from './process.ts'

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
}

export const EMPTY = 'empty grpc-js handler'

const ROWS: readonly RowPlan[] = [
  { name: EMPTY, kind: 'bearer', store: 'none' },
  { name: 'vigil, memory store', kind: 'bearer', store: 'memory' },
  { name: 'vigil, Redis', kind: 'bearer', store: 'redis' },
  { name: 'DPoP proof each, memory store', kind: 'proven', store: 'memory' },
  { name: 'DPoP proof each, Redis', kind: 'proven', store: 'redis' },
  { name: 'token seen for the first time, Redis', kind: 'fresh', store: 'redis' },
]

/** @param redisPort absent: the rows that need Redis are left out */
export async function openRows(workload: Workload, redisPort?: number): Promise<Row[]> {
  const jwks = JSON.stringify(jwksOf(workload))
  const rows: Row[] = []
  for (const { name, kind, store } of ROWS) {
    if (store === 'redis' && redisPort === undefined) continue
    const server =
      store === 'none'
        ? await startServer('empty-server.ts')
        : await startServer('vigil-server.ts', store === 'redis' ? [jwks, String(redisPort)] : [jwks])
    rows.push({ name, kind, server })
  }
  return rows
}

export const rowCount = (hasRedis: boolean): number =>
  ROWS.filter(({ store }) => hasRedis || store !== 'redis').length
