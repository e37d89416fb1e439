import { z } from 'zod'
import { isUsuallyShown } from '../../lib/usual.ts'
import type { Facts } from '../../model.ts'
import { defineSignal, type Evidence, QUIET } from '../signal.ts'

/** Facts that a client can withhold, and where it would have shown them. */
const WITHHELD: readonly (readonly [fact: string, isMissing: (facts: Facts) => boolean])[] = [
  ['device', ({ device }) => device.id === undefined],
  ['client', ({ client }) => client.kind === undefined],
]

export default defineSignal({
  id: 'withheld-fact',
  summary: 'The request lacks something that this identity has always shown.',
  reasons: {
    device: 'This identity always shows a device, and this request shows none.',
    client: 'This identity always shows a user agent, and this request shows none.',
  },
  cap: 5,
  looksBack: true,
  settings: z.strictObject({
    nats: z.number().min(0).max(5).default(3).describe('How much each missing fact counts.'),
  }),
  evaluate({ facts, past }, { nats }) {
    const { profile } = past
    if (profile === undefined) return QUIET
    let evidence: Evidence[] | undefined
    for (const [fact, isMissing] of WITHHELD) {
      const shown = profile.features[fact]?.shown
      if (shown === undefined || !isMissing(facts) || !isUsuallyShown(shown, profile.seen)) continue
      evidence ??= []
      evidence.push({ reason: fact, nats, detail: { shown, requests: profile.seen } })
    }
    return evidence ?? QUIET
  },
})
