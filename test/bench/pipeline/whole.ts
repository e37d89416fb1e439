import { decodeResponse } from '../../../src/check/wire.ts'
import type { BenchApp } from '../app.ts'
import type { Case } from './measure.ts'

const CALLER = { state: 'unverified', sans: [] } as const

/** The whole decision in process, bytes to bytes, as gRPC's handler calls it; what follows the answer is apart. */
export function wholeCases(bench: BenchApp, bearers: readonly Buffer[], proven: readonly Buffer[]): Case[] {
  const after: (() => void)[] = []
  const handler = bench.handler((run) => after.push(run))
  const answers: Buffer[] = []
  const finish = () => {
    for (const run of after) run()
    after.length = 0
  }
  const settle = () => {
    finish()
    const refused = answers.filter((answer) => decodeResponse(answer).status.code !== 0).length
    if (refused > 0) throw new Error(`${refused} of ${answers.length} checks did not pass`)
    answers.length = 0
  }
  /** One alone in its turn, which ends at once: the loop of events is not what is measured here. */
  const decide = (message: Buffer): Promise<Buffer> => {
    const answer = handler.handle(message, CALLER)
    after.pop()?.()
    return answer
  }
  const decideAll = (messages: readonly Buffer[]) => {
    let at = 0
    return async (calls: number) => {
      for (let i = 0; i < calls; i++, at++) {
        answers.push(await decide(messages[at % messages.length] as Buffer))
      }
    }
  }
  const prepareFinish = decideAll(bearers)
  return [
    { name: 'whole decision, bytes to bytes', batch: decideAll(bearers), settle },
    { name: 'after the answer (learn, record, metrics)', prepare: prepareFinish, batch: finish, settle },
    {
      name: 'whole decision with a DPoP proof',
      batch: decideAll(proven),
      settle,
      supply: proven.length,
    },
  ]
}
