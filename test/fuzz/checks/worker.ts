/** Runs the batches that it is sent, one after the other, and tells how far it is. */
import { type Batch, runBatch } from './campaign.ts'

const TELL_EVERY = 200

process.on('message', async (batch: Omit<Batch, 'onCase'>) => {
  let untold = 0
  const result = await runBatch({
    ...batch,
    onCase: () => {
      untold++
      if (untold < TELL_EVERY) return
      process.send?.({ done: untold })
      untold = 0
    },
  })
  process.send?.({ done: untold, result })
})
// Without a parent there is nobody to work for.
process.on('disconnect', () => process.exit(0))
