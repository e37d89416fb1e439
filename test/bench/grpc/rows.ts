import type { Mint, Workload } from '../workload.ts'
import { jwksOf } from '../workload.ts'
import { type Server, startEmpty, startOther, startVigil } from './process.ts'
import type { VigilOptions } from './vigil-server.ts'

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
  readonly transport?: VigilOptions['transport']
  /** Root of the checkout whose Vigil it is; absent: this one. */
  readonly root?: string
}

export const EMPTY = 'empty grpc-js handler'

const ROWS: readonly RowPlan[] = [
  { name: EMPTY, kind: 'bearer', store: 'none' },
  { name: 'vigil, memory store', kind: 'bearer', store: 'memory' },
  {
    name: 'vigil on http2, memory store',
    kind: 'bearer',
    store: 'memory',
    isExtra: true,
    transport: 'http2',
  },
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
  /** Root of another checkout that is measured beside this one. */
  readonly against?: string | undefined
}

function plansOf({ hasRedis, hasAllRows, against }: Extent): RowPlan[] {
  const others: RowPlan[] =
    against === undefined
      ? []
      : [
          { name: `memory store, ${against}`, kind: 'bearer', store: 'memory', root: against },
          { name: `Redis, ${against}`, kind: 'bearer', store: 'redis', root: against },
        ]
  return [...ROWS, ...others].filter(
    ({ store, isExtra }) => (hasRedis || store !== 'redis') && (hasAllRows || isExtra !== true),
  )
}

export const rowCount = (extent: Extent): number => plansOf(extent).length

/** @param redisPort absent: the rows that need Redis are left out */
export async function openRows(
  workload: Workload,
  extent: Omit<Extent, 'hasRedis'>,
  redisPort: number | undefined,
): Promise<Row[]> {
  const jwks = jwksOf(workload)
  const rows: Row[] = []
  for (const plan of plansOf({ ...extent, hasRedis: redisPort !== undefined })) {
    const { name, kind, store, transport, root } = plan
    const own = { jwks, transport, ...(store === 'redis' && { redisPort }) }
    const start = () => (root === undefined ? startVigil(own) : startOther(root, own))
    rows.push({ name, kind, server: await (store === 'none' ? startEmpty() : start()) })
  }
  return rows
}
