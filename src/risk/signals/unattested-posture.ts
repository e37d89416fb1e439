import { z } from 'zod'
import { defineSignal, QUIET } from '../signal.ts'

export default defineSignal({
  id: 'unattested-posture',
  summary: 'The request shows a posture token that does not vouch for this caller’s device.',
  reasons: {
    claimed: 'The posture token is good, but nothing ties it to the key or the device of this caller.',
    refused: 'The posture token does not hold.',
  },
  cap: 4,
  settings: z.strictObject({
    claimedNats: z
      .number()
      .min(0)
      .max(4)
      .default(0)
      .describe('How much a posture counts that is only claimed; 0 where clients have no key of their own.'),
    refusedNats: z
      .number()
      .min(0)
      .max(4)
      .default(3)
      .describe('How much a posture token counts that is forged, expired or for somebody else.'),
  }),
  /** An attested one lowers nothing either: what it says is for rules to judge. */
  evaluate({ facts }, { claimedNats, refusedNats }) {
    const { posture } = facts.device
    if (posture?.state === 'refused') {
      return refusedNats === 0
        ? QUIET
        : [{ reason: 'refused', nats: refusedNats, detail: detailOf(posture.failure) }]
    }
    if (posture?.state === 'claimed' && claimedNats > 0) return [{ reason: 'claimed', nats: claimedNats }]
    return QUIET
  },
})

const detailOf = (failure: string | undefined) => ({ failure: failure ?? 'unknown' })
