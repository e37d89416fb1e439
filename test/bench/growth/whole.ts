import { decodeResponse } from '../../../src/check/wire.ts'
import type { BenchApp } from '../app.ts'

const CALLER = { state: 'unverified', sans: [] } as const
/** Checks between two looks at the event loop, in which what follows the answers has its turn. */
const AT_ONCE = 50

/**
 * Processor time of one whole decision, bytes to bytes, with what follows its answer, in microseconds; all threads of this process.
 * @throws when one of the last answers does not let its request pass: a fast refusal is no figure
 */
export async function cpuUsPerCheck(
  bench: BenchApp,
  messages: readonly Buffer[],
  count: number,
): Promise<number> {
  const handler = bench.handler()
  const begun = process.cpuUsage()
  let last: Buffer[] = []
  for (let at = 0; at < count; at += AT_ONCE) {
    const size = Math.min(AT_ONCE, count - at)
    const batch = Array.from({ length: size }, (_, i) => messages[(at + i) % messages.length] as Buffer)
    last = await Promise.all(batch.map((message) => handler.handle(message, CALLER)))
    await new Promise((resume) => setImmediate(resume))
  }
  await bench.app.flush()
  const { user, system } = process.cpuUsage(begun)
  const refused = last.filter((answer) => decodeResponse(answer).status.code !== 0).length
  if (refused > 0) throw new Error(`${refused} of ${last.length} checks did not pass`)
  return (user + system) / count
}
