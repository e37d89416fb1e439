import { createMint, type Mint, type Workload } from '../workload.ts'
import { dataFrame } from './frames.ts'
import { type LoadPlan, load, type Supply } from './load.ts'

/**
 * The process that drives the load: what it costs is not the server's, and minting is over before a load begins.
 * Orders come and results go by IPC, one at a time.
 */

export interface MintOrder {
  readonly do: 'mint'
  readonly workload: Workload
  readonly kind: keyof Mint
  readonly count: number
  /** The first user; absent: 0. */
  readonly from?: number
  /** Sends each message once. What is no `bearer` always is. */
  readonly isOnce?: boolean
}

/** Makes ready what the next load sends, or drives one. */
export type Order = MintOrder | { readonly do: 'load'; readonly plan: LoadPlan }

let supply: Supply = () => undefined
const mints = new Map<string, Mint>()

function mint({ workload, kind, count, from = 0, isOnce = kind !== 'bearer' }: MintOrder): void {
  const name = JSON.stringify(workload.issuerKey)
  const made = mints.get(name) ?? createMint(workload)
  mints.set(name, made)
  const messages = Array.from({ length: count }, (_, i) => dataFrame(made[kind]((from + i) % workload.users)))
  let at = 0
  supply = () => messages[isOnce ? at++ : at++ % messages.length]
}

async function obey(order: Order): Promise<unknown> {
  if (order.do === 'mint') return mint(order)
  return load(order.plan, supply)
}

process.on('message', (order: Order) => {
  obey(order).then(
    (value) => process.send?.({ value }),
    (error: unknown) => process.send?.({ error: String(error) }),
  )
})
process.on('disconnect', () => process.exit(0))
