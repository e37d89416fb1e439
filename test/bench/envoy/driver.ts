import { type LoadPlan, load } from '../grpc/load.ts'
import { createMint, type Workload } from '../workload.ts'
import { HttpPool } from './client.ts'
import { requestOf } from './request.ts'

/** The process that drives HTTP/1.1 through Envoy. Orders come and results go by IPC, one at a time. */

export type Order =
  | { readonly do: 'mint'; readonly workload: Workload }
  | { readonly do: 'load'; readonly plan: LoadPlan }

/** As many clients as a busy edge has for one worker; more requests than these wait in line. */
const CONNECTIONS = 64

let requests: readonly Buffer[] = []
let at = 0

function mint(workload: Workload): void {
  const made = createMint(workload)
  requests = Array.from({ length: workload.users }, (_, user) => requestOf(made.bearer(user)))
}

async function obey(order: Order): Promise<unknown> {
  if (order.do === 'mint') return mint(order.workload)
  return load(
    order.plan,
    () => requests[at++ % requests.length],
    async (address) => [await HttpPool.open(address, CONNECTIONS)],
  )
}

process.on('message', (order: Order) => {
  obey(order).then(
    (value) => process.send?.({ value }),
    (error: unknown) => process.send?.({ error: String(error) }),
  )
})
process.on('disconnect', () => process.exit(0))
