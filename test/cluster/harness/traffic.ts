import { setTimeout as sleep } from 'node:timers/promises'
import { type CheckClient, openCheckClient } from '../../harness/check-client.ts'
import { mintNow } from '../../harness/live.ts'
import type { Cluster } from './cluster.ts'
import { isReady } from './services.ts'

/** What a steady stream of checks has come to. */
export interface Sum {
  readonly checks: number
  /** What went wrong, each once. */
  readonly failed: readonly string[]
  /** Pods that were asked. */
  readonly pods: number
  readonly slowestMs: number
}

const EVERY_MS = 10
/** How late an Envoy learns of a pod that comes or goes: the control plane has to notice, and to push. */
const LEARN_MS = 500

/**
 * Does something, and meanwhile sends a check that must pass each 10 ms, at one ready pod after the other, as an Envoy with a
 * list of endpoints sends them: one connection to each, a list that is half a second old, no second try.
 */
export async function underTraffic(
  cluster: Cluster,
  namespace: string,
  change: () => Promise<void>,
): Promise<Sum> {
  const end = await startTraffic(cluster, namespace)
  return change().then(end, async (error: unknown) => {
    await end()
    throw error
  })
}

/** @returns what ends it and waits for the answers */
async function startTraffic({ api, kubelet }: Cluster, namespace: string): Promise<() => Promise<Sum>> {
  const headers = { authorization: `Bearer ${mintNow()}` }
  const clients = new Map<string, CheckClient>()
  const failed = new Set<string>()
  let endpoints: CheckClient[] = []
  let checks = 0
  let slowestMs = 0
  let isOver = false

  const learn = async () => {
    const selector = encodeURIComponent('app.kubernetes.io/component=service')
    const pods = await api.list(`/api/v1/namespaces/${namespace}/pods?labelSelector=${selector}`)
    endpoints = pods.filter(isReady).map((pod) => {
      const address = `${kubelet.addressOf(pod)}:9000`
      const client = clients.get(address) ?? openCheckClient(address)
      clients.set(address, client)
      return client
    })
  }
  const ask = async (client: CheckClient | undefined) => {
    const startMs = performance.now()
    try {
      if (client === undefined) throw new Error('no pod is ready')
      const { status, reasons } = await client.ask({ path: '/v1/items', headers })
      if (status !== 200) failed.add(`${status} ${reasons}`)
    } catch (error) {
      failed.add(String(error))
    }
    slowestMs = Math.max(slowestMs, performance.now() - startMs)
  }
  const learning = async () => {
    while (!isOver) {
      await sleep(LEARN_MS)
      await learn()
    }
  }
  const asking = async () => {
    const answers: Promise<void>[] = []
    while (!isOver) {
      answers.push(ask(endpoints[checks++ % endpoints.length]))
      await sleep(EVERY_MS)
    }
    await Promise.all(answers)
  }
  await learn()
  const all = Promise.all([learning(), asking()])
  return async () => {
    isOver = true
    await all
    for (const client of clients.values()) client.close()
    return { checks, failed: [...failed], pods: clients.size, slowestMs: Math.round(slowestMs) }
  }
}
