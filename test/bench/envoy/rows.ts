import { type Envoy, startEnvoy } from '../../harness/envoy.ts'
import { freePort } from '../../harness/ports.ts'
import { startEmpty, startVigil } from '../grpc/process.ts'
import { startHeimdall } from '../peers/heimdall.ts'
import type { PeerServer } from '../peers/server.ts'
import { jwksOf, type Workload } from '../workload.ts'
import { VIGIL_TELLS } from './answers.ts'
import { bootstrapOf } from './bootstrap.ts'

/** What Envoy asks: in a process of its own. */
type Server = PeerServer

/** One line of the table: a listener of the one Envoy, and the server that it asks. */
export interface Row {
  readonly name: string
  readonly address: string
  /** Absent: nobody is asked. */
  readonly server?: Server
  /** Refuses a broken token. */
  readonly isGuard: boolean
  /** Headers by which a client claims to be somebody else, and what the application must see in their place. */
  readonly claims: Readonly<Record<string, string>>
  readonly identity: Readonly<Record<string, string>>
}

export const ALONE = 'Envoy alone'
export const EMPTY = '+ empty grpc-js handler'

/** A row before its listener is there. */
export interface Subject extends Omit<Row, 'address' | 'server'> {
  start?(): Promise<Server>
}

const NOBODY = { claims: {}, identity: {} }

export interface Extent {
  /** Absent: no row with Redis. */
  readonly redisPort: number | undefined
  readonly hasHeimdall: boolean
}

export function subjectsOf(workload: Workload, { redisPort, hasHeimdall }: Extent): Subject[] {
  const jwks = jwksOf(workload)
  const vigil = (name: string, port?: number): Subject => ({
    name,
    isGuard: true,
    ...VIGIL_TELLS,
    start: () => startVigil({ jwks, redisPort: port }),
  })
  return [
    { name: ALONE, isGuard: false, ...NOBODY },
    { name: EMPTY, isGuard: false, ...NOBODY, start: () => startEmpty() },
    vigil('+ Vigil, memory store'),
    ...(redisPort === undefined ? [] : [vigil('+ Vigil, Redis', redisPort)]),
    ...(hasHeimdall ? [heimdall(jwks)] : []),
  ]
}

/** Verifies the token and asks one rule; it tells the application nothing. */
const heimdall = (jwks: object): Subject => ({
  name: '+ heimdall',
  isGuard: true,
  ...NOBODY,
  start: () => startHeimdall({ jwks, core: 'subject' }),
})

export interface Opened {
  readonly envoy: Envoy
  readonly rows: readonly Row[]
}

/** @param app address of the application */
export async function openRows(subjects: readonly Subject[], app: string): Promise<Opened> {
  const begun: { subject: Subject; server?: Server; listenPort: number }[] = []
  for (const subject of subjects) {
    const server = await subject.start?.()
    begun.push({ subject, listenPort: await freePort(), ...(server && { server }) })
  }
  const routes = begun.map(({ subject, server, listenPort }) => ({
    name: subject.name,
    listenPort,
    ...(server && { askPort: portOf(server.address) }),
  }))
  const bootstrap = bootstrapOf(routes, { admin: await freePort(), app: portOf(app) })
  const envoy = await startEnvoy({ bootstrap })
  const rows = begun.map(({ subject: { start: _start, ...own }, server, listenPort }) => ({
    ...own,
    ...(server && { server }),
    address: `127.0.0.1:${listenPort}`,
  }))
  return { envoy, rows }
}

const portOf = (address: string): number => Number(address.split(':').at(-1))
