import type { Redis } from 'ioredis'
import { freePort } from './ports.ts'
import { adminOf, type RedisServer, startRedis, type TlsFiles, togetherArgs } from './redis.ts'
import { waitUntil } from './wait.ts'

export type ClusterOptions = {
  /** Path of valkey-server or redis-server. */
  server: string
  /** Three, as a rule: fewer elect nobody. */
  primaries?: number
  /** Replicas of each primary. */
  replicas?: number
  tls?: TlsFiles
  /** Further arguments of all servers. */
  args?: readonly string[]
  /** Silence after which a server is taken for dead. */
  timeoutMs?: number
}

/** A server of the cluster and a client that may do everything on it. */
export type ClusterMember = RedisServer & { id: string; admin: Redis; bus: number }

export type RedisCluster = {
  primaries: ClusterMember[]
  /** Of the first primary first, as many for each. */
  replicas: ClusterMember[]
  /** As the settings take it. */
  nodes: string[]
  /** Which of the primaries it was started with has this slot, as the first that answers says. */
  ownerOf(slot: number): Promise<ClusterMember>
  /** Begins to move a slot: keys that are not there are asked for at the other already. */
  beginMove(slot: number, to: ClusterMember): Promise<void>
  /** Moves its keys, and then the slot itself. */
  finishMove(slot: number, to: ClusterMember): Promise<void>
  stop(): Promise<void>
}

const SLOTS = 16_384

/** Starts a cluster on 127.0.0.1 and waits until all agree that it is whole. */
export async function startCluster(options: ClusterOptions): Promise<RedisCluster> {
  const { primaries: many = 3, replicas: perPrimary = 0 } = options
  const all: ClusterMember[] = []
  const stop = async () => {
    for (const { admin } of all) admin.disconnect()
    await Promise.all(all.map((member) => member.stop()))
  }
  try {
    for (let i = 0; i < many * (1 + perPrimary); i++) all.push(await startMember(options))
    const [primaries, replicas] = [all.slice(0, many), all.slice(many)]
    await join(all, primaries)
    for (const [i, replica] of replicas.entries()) {
      const primary = primaries[Math.floor(i / perPrimary)] as ClusterMember
      await waitUntil('replica', 20_000, () =>
        replica.admin.cluster('REPLICATE', primary.id).then(
          () => true,
          // It has not heard of that one yet.
          () => false,
        ),
      )
    }
    await Promise.all(
      all.map((member) => waitUntil('cluster', 30_000, () => isWhole(member, many, perPrimary))),
    )
    const ownerOf = async (slot: number) => ownerAmong(primaries, slot)
    return {
      primaries,
      replicas,
      nodes: primaries.map(({ port }) => `127.0.0.1:${port}`),
      ownerOf,
      beginMove: async (slot, to) => {
        const from = await ownerOf(slot)
        await to.admin.cluster('SETSLOT', slot, 'IMPORTING', from.id)
        await from.admin.cluster('SETSLOT', slot, 'MIGRATING', to.id)
      },
      finishMove: async (slot, to) => finishMove(await ownerOf(slot), to, slot, primaries),
      stop,
    }
  } catch (error) {
    await stop()
    throw error
  }
}

async function startMember({
  server,
  tls,
  args = [],
  timeoutMs = 1000,
}: ClusterOptions): Promise<ClusterMember> {
  const bus = await freePort()
  const running = await startRedis({
    server,
    ...(tls && { tls }),
    args: [
      ...togetherArgs(tls),
      ...['--cluster-enabled', 'yes', '--cluster-port', String(bus)],
      ...['--cluster-node-timeout', String(timeoutMs), '--cluster-replica-validity-factor', '0'],
      ...(tls === undefined ? [] : ['--tls-cluster', 'yes']),
      ...args,
    ],
  })
  const admin = adminOf(running.port, tls)
  const id = (await admin.cluster('MYID')) as string
  return { ...running, id, admin, bus }
}

/** All meet the first, and the primaries share the slots. */
async function join(all: readonly ClusterMember[], primaries: readonly ClusterMember[]): Promise<void> {
  const [first] = all
  if (first === undefined) return
  for (const [i, member] of primaries.entries()) {
    const [from, to] = [i, i + 1].map((n) => Math.floor((SLOTS * n) / primaries.length)) as [number, number]
    await member.admin.call('CLUSTER', 'ADDSLOTSRANGE', from, to - 1)
    await member.admin.call('CLUSTER', 'SET-CONFIG-EPOCH', i + 1)
  }
  for (const member of all.slice(1))
    await member.admin.call('CLUSTER', 'MEET', '127.0.0.1', first.port, first.bus)
}

async function isWhole({ admin }: ClusterMember, primaries: number, perPrimary: number): Promise<boolean> {
  const info = (await admin.cluster('INFO')) as string
  const known = primaries * (1 + perPrimary)
  if (!info.includes('cluster_state:ok') || !info.includes(`cluster_known_nodes:${known}\r`)) return false
  const slots = (await admin.cluster('SLOTS')) as unknown[][]
  if (!slots.every((entry) => entry.length === 3 + perPrimary)) return false
  const role = (await admin.call('ROLE')) as unknown[]
  return role[0] === 'slave' ? role[3] === 'connected' : (role[2] as unknown[]).length === perPrimary
}

async function ownerAmong(primaries: readonly ClusterMember[], slot: number): Promise<ClusterMember> {
  for (const { admin } of primaries) {
    if (admin.status !== 'ready') continue
    const slots = (await admin.cluster('SLOTS')) as unknown as [number, number, [string, number, string]][]
    const id = slots.find(([first, last]) => first <= slot && slot <= last)?.[2][2]
    const owner = primaries.find((member) => member.id === id)
    if (owner !== undefined) return owner
  }
  throw new Error(`nobody has slot ${slot}`)
}

async function finishMove(
  from: ClusterMember,
  to: ClusterMember,
  slot: number,
  primaries: readonly ClusterMember[],
): Promise<void> {
  for (;;) {
    const keys = (await from.admin.cluster('GETKEYSINSLOT', slot, 100)) as string[]
    if (keys.length === 0) break
    const auth = ['AUTH2', 'admin', 'of-the-tests']
    await from.admin.call('MIGRATE', '127.0.0.1', to.port, '', 0, 5000, ...auth, 'KEYS', ...keys)
  }
  // The new one first: in the moment between, both would send others away.
  for (const { admin } of [to, from, ...primaries]) await admin.cluster('SETSLOT', slot, 'NODE', to.id)
}
