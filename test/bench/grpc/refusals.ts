import { IN_FLIGHT } from './plan.ts'
import type { Bench } from './rounds.ts'
import type { Row } from './rows.ts'

const CALLS = 20
const LONGEST_SECONDS = 30

/**
 * A server that lets everything pass is quick, and no figure: each must let the requests of the workload pass, refuse a token
 * that another key signed, and refuse somebody else's account, before its figures count. The empty handler need not.
 */
export async function proveRefusals({ driver, workload }: Bench, row: Row): Promise<void> {
  const send = async (kind: 'bearer' | 'forged' | 'foreign') => {
    await driver.mint({ workload, kind, count: CALLS, isOnce: true })
    const { address } = row.server
    return driver.load({ address, kind: 'closed', count: IN_FLIGHT, seconds: LONGEST_SECONDS })
  }
  const good = await send('bearer')
  if (good.passed !== CALLS) throw new Error(`${row.name}: ${good.passed} of ${CALLS} good requests passed`)
  if (!row.isGuard) return
  for (const kind of ['forged', 'foreign'] as const) {
    const { refused } = await send(kind)
    if (refused !== CALLS) throw new Error(`${row.name}: refused ${refused} of ${CALLS} requests (${kind})`)
  }
}
