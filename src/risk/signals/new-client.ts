import { z } from 'zod'
import { defineSignal, QUIET } from '../signal.ts'

const CAP = 3

export default defineSignal({
  id: 'new-client',
  summary: 'The program that asks is not one of those this identity has used before.',
  reasons: { unseen: 'This identity has used other browsers, systems or programs, and never this one.' },
  cap: CAP,
  looksBack: true,
  settings: z.strictObject({
    beta: z
      .number()
      .positive()
      .default(2)
      .describe(
        'How many requests it takes until a program counts as a habit; more makes a new one matter less.',
      ),
  }),
  /** As `new-device`: ln((n + beta) / beta), 0 at n = 0. A known program says nothing, because the name is a claim. */
  evaluate({ facts, past }, { beta }) {
    const { kind, browser, os } = facts.client
    const shown = past.shown['client']
    const known = past.profile?.features['client']
    if (kind === undefined || shown === undefined || known === undefined) return QUIET
    if (!(known.shown > 0) || known.values.some(({ value }) => value === shown)) return QUIET
    const nats = Math.min(CAP, Math.log1p(known.shown / beta))
    const named = { kind, ...(browser === undefined ? {} : { browser }), ...(os === undefined ? {} : { os }) }
    return [{ reason: 'unseen', nats, detail: { requests: known.shown, ...named } }]
  },
})
