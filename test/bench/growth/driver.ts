import { dataFrame } from '../grpc/frames.ts'
import { type LoadPlan, load } from '../grpc/load.ts'
import { createMint, type Workload } from '../workload.ts'

/** The process that drives checks at one server or at several at once. Orders come and results go by IPC, one at a time. */

export type Order =
  | {
      readonly do: 'mint'
      readonly workload: Workload
      /** Of every request besides. */
      readonly headers: Readonly<Record<string, string>>
    }
  | { readonly do: 'load'; readonly plans: readonly LoadPlan[] }

let frames: readonly Buffer[] = []
let at = 0

async function obey(order: Order): Promise<unknown> {
  if (order.do === 'load') {
    const next = () => frames[at++ % frames.length]
    return Promise.all(order.plans.map((plan) => load(plan, next)))
  }
  const mint = createMint(order.workload, order.headers)
  frames = Array.from({ length: order.workload.users }, (_, user) => dataFrame(mint.bearer(user)))
  return undefined
}

process.on('message', (order: Order) => {
  obey(order).then(
    (value) => process.send?.({ value }),
    (error: unknown) => process.send?.({ error: String(error) }),
  )
})
process.on('disconnect', () => process.exit(0))
