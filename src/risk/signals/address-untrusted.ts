import { z } from 'zod'
import { defineSignal, QUIET } from '../signal.ts'

export default defineSignal({
  id: 'address-untrusted',
  summary: 'The request came past the proxies that should have stood in front of this Envoy.',
  reasons: { chain: 'The forwarding chain is shorter than configured, or holds what is no address.' },
  cap: 3,
  settings: z.strictObject({
    nats: z.number().min(0).max(3).default(1.5).describe('How much it counts.'),
  }),
  evaluate({ facts }, { nats }) {
    return facts.address.isUntrusted ? [{ reason: 'chain', nats }] : QUIET
  },
})
