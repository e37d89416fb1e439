import { createMint, type Mint, type Workload } from '../workload.ts'
import { dataFrame } from './frames.ts'
import { type LoadPlan, load, type Supply } from './load.ts'

/**
 * The process that drives the load: what it costs is not the server's, and minting is over before a load begins.
 * Orders come and results go by IPC, one at a time.
 */

export type Order =
  /** Makes ready what the next load sends. `bearer` may be sent again and again; the others are used once. */
  | { readonly do: 'mint'; readonly workload: Workload; readonly kind: keyof Mint; readonly count: number }
  | { readonly do: 'load'; readonly plan: LoadPlan }

let supply: Supply = () => undefined
const mints = new Map<string, Mint>()

function mint({ workload, kind, count }: Extract<Order, { do: 'mint' }>): void {
  const name = JSON.stringify(workload.issuerKey)
  const made = mints.get(name) ?? createMint(workload)
  mints.set(name, made)
  const messages = Array.from({ length: count }, (_, i) => dataFrame(made[kind](i % workload.users)))
  let at = 0
  supply = kind === 'bearer' ? () => messages[at++ % messages.length] : () => messages[at++]
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
