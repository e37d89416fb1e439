import { type Peer, startPeer } from '../peers/index.ts'
import type { Accounted } from '../peers/proc.ts'
import type { Core } from '../pin.ts'
import type { Mint, Workload } from '../workload.ts'
import { jwksOf } from '../workload.ts'
import { START_SECONDS } from './plan.ts'
import { startEmpty, startOther, startVigil } from './process.ts'

/** A server of its own, and what is read of it. */
export interface RowServer {
  readonly address: string
  ask(question: 'usage'): Promise<Accounted>
  stop(): Promise<void>
}

import type { VigilOptions } from './vigil-server.ts'

/** One line of the table: a server of its own, and what it is asked. */
export interface Row {
  readonly name: string
  readonly kind: keyof Mint
  /** What its server is pinned to. With two there are open loops only: the driver needs one of them. */
  readonly cores: 1 | 2
  /** Whether it reads the token at all. */
  readonly isGuard: boolean
  /** Whether it gets quicker by thousands of calls before anything counts. */
  readonly isCompiledLate: boolean
  readonly server: RowServer
}

interface RowPlan {
  readonly name: string
  readonly kind: keyof Mint
  readonly subject: 'empty' | 'memory' | 'redis' | Peer
  readonly cores?: 2
  /** Left out of a quick run. */
  readonly isExtra?: true
  readonly transport?: VigilOptions['transport']
  /** Rules in all, of which those of the settings are the last ten. */
  readonly rules?: number
  /** Root of the checkout whose Vigil it is; absent: this one. */
  readonly root?: string
  /** Of Node, in one text; absent: those of `vigil serve`. */
  readonly flags?: string
}

export const EMPTY = 'empty grpc-js handler'
export const MEMORY = 'vigil, memory store'
export const REDIS = 'vigil, Redis'
export const PROVEN = 'DPoP proof each, Redis'
export const FRESH = 'token seen for the first time, Redis'
export const MANY_RULES = `${MEMORY}, 1,000 rules`
/** The same row with a server that has two cores. */
export const onTwoCores = (name: string): string => `${name}, two cores`

const ROWS: readonly RowPlan[] = [
  { name: EMPTY, kind: 'bearer', subject: 'empty' },
  { name: MEMORY, kind: 'bearer', subject: 'memory' },
  {
    name: 'vigil on http2, memory store',
    kind: 'bearer',
    subject: 'memory',
    isExtra: true,
    transport: 'http2',
  },
  {
    name: 'vigil on grpc-js, memory store',
    kind: 'bearer',
    subject: 'memory',
    isExtra: true,
    transport: 'grpc-js',
  },
  { name: MANY_RULES, kind: 'bearer', subject: 'memory', isExtra: true, rules: 1000 },
  { name: REDIS, kind: 'bearer', subject: 'redis' },
  { name: PROVEN, kind: 'proven', subject: 'redis' },
  { name: FRESH, kind: 'fresh', subject: 'redis', isExtra: true },
  { name: 'heimdall', kind: 'bearer', subject: 'heimdall', isExtra: true },
  { name: 'authorino', kind: 'bearer', subject: 'authorino', isExtra: true },
  ...(
    [
      ['empty', EMPTY],
      ['memory', MEMORY],
      ['redis', REDIS],
      ['heimdall', 'heimdall'],
    ] as const
  ).map(
    ([subject, name]) =>
      ({ name: onTwoCores(name), kind: 'bearer', subject, cores: 2, isExtra: true }) as const,
  ),
]

/** What a run can do and wants. */
export interface Extent {
  readonly hasRedis: boolean
  /** Without, processes run where the system likes, and there is no row with another number of cores. */
  readonly canPin: boolean
  readonly peers: readonly Peer[]
  readonly hasAllRows: boolean
  /** Parts of the names of the rows that are wanted; absent: all. The empty handler is always one. */
  readonly only?: readonly string[] | undefined
  /** Root of another checkout that is measured beside this one. */
  readonly against?: string | undefined
  /** Flags of Node with which Vigil has rows of its own. */
  readonly flags?: readonly string[] | undefined
}

function plansOf({ hasRedis, canPin, peers, hasAllRows, only, against, flags = [] }: Extent): RowPlan[] {
  const others: RowPlan[] =
    against === undefined
      ? []
      : [
          { name: `memory store, ${against}`, kind: 'bearer', subject: 'memory', root: against },
          { name: `Redis, ${against}`, kind: 'bearer', subject: 'redis', root: against },
        ]
  const tuned: RowPlan[] = flags.flatMap((given) => {
    const plan = { name: `${MEMORY}, ${given}`, kind: 'bearer', subject: 'memory', flags: given } as const
    return [plan, { ...plan, name: onTwoCores(plan.name), cores: 2 }] as const
  })
  const isThere = (subject: RowPlan['subject']) =>
    isPeer(subject) ? peers.includes(subject) : hasRedis || subject !== 'redis'
  const isWanted = (name: string) =>
    only === undefined || name === EMPTY || only.some((part) => name.includes(part))
  return [...ROWS, ...others, ...tuned].filter(
    ({ name, subject, cores, isExtra }) =>
      isThere(subject) &&
      isWanted(name) &&
      (canPin || cores === undefined) &&
      (hasAllRows || isExtra !== true),
  )
}

const isPeer = (subject: RowPlan['subject']): subject is Peer =>
  subject === 'heimdall' || subject === 'authorino'

export const rowNames = (extent: Extent): string[] => plansOf(extent).map(({ name }) => name)

/** Cores of the rows there will be, for a plan of the time. */
export const rowCores = (extent: Extent): (1 | 2)[] => plansOf(extent).map(({ cores }) => cores ?? 1)

/** @param redisPort absent: the rows that need Redis are left out */
export async function openRows(
  workload: Workload,
  extent: Omit<Extent, 'hasRedis'>,
  redisPort: number | undefined,
  say: (line: string, seconds: number) => void,
): Promise<Row[]> {
  const rows: Row[] = []
  try {
    for (const plan of plansOf({ ...extent, hasRedis: redisPort !== undefined })) {
      const { name, kind, cores = 1, subject } = plan
      say(`starting: ${name}`, START_SECONDS)
      const server = await startServer(plan, jwksOf(workload), redisPort)
      rows.push({
        name,
        kind,
        cores,
        isGuard: subject !== 'empty',
        isCompiledLate: !isPeer(subject),
        server,
      })
    }
    return rows
  } catch (error) {
    for (const { server } of rows) await server.stop()
    throw error
  }
}

function startServer(
  { subject, cores, transport, rules, root, flags }: RowPlan,
  jwks: ReturnType<typeof jwksOf>,
  redisPort: number | undefined,
): Promise<RowServer> {
  const core: Core = cores === 2 ? 'pair' : 'subject'
  if (subject === 'empty') return startEmpty([], core)
  if (isPeer(subject)) return startPeer(subject, { jwks, core })
  const options = { jwks, transport, rules, ...(subject === 'redis' && { redisPort }) }
  return root === undefined ? startVigil(options, core, flags?.split(' ')) : startOther(root, options)
}
