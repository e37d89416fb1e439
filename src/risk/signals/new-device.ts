import { z } from 'zod'
import { defineSignal, QUIET } from '../signal.ts'

const CAP = 5

export default defineSignal({
  id: 'new-device',
  summary: 'The claimed device is not one of those this identity has shown before.',
  reasons: { unseen: 'This identity has shown a device before, and never this one.' },
  cap: CAP,
  looksBack: true,
  settings: z.strictObject({
    beta: z
      .number()
      .positive()
      .default(2)
      .describe(
        'How many requests it takes until a device counts as a habit; more makes a new one matter less.',
      ),
  }),
  /** The log-likelihood ratio of an unseen value under a Dirichlet prior: ln((n + beta) / beta), 0 at n = 0. */
  evaluate({ facts, past }, { beta }) {
    const shown = past.shown['device']
    const known = past.profile?.features['device']
    if (facts.device.id === undefined || shown === undefined || known === undefined) return QUIET
    if (!(known.shown > 0) || known.values.some((seen) => seen.value === shown)) return QUIET
    const nats = Math.min(CAP, Math.log1p(known.shown / beta))
    return [{ reason: 'unseen', nats, detail: { requests: known.shown, devices: known.values.length } }]
  },
})
