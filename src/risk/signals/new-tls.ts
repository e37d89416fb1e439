import { z } from 'zod'
import { defineSignal, QUIET } from '../signal.ts'

const CAP = 2

export default defineSignal({
  id: 'new-tls',
  summary: 'The TLS handshake is not one that the programs of this identity have made before.',
  reasons: { unseen: 'This identity has come with other TLS handshakes, and never with this one.' },
  cap: CAP,
  looksBack: true,
  settings: z.strictObject({
    beta: z
      .number()
      .positive()
      .default(2)
      .describe(
        'How many requests it takes until a handshake counts as a habit; more makes a new one matter less.',
      ),
  }),
  /** Half of what `new-device` would say: an update of a browser changes its handshake, too. */
  evaluate({ past }, { beta }) {
    const shown = past.shown['tls']
    const known = past.profile?.features['tls']
    if (shown === undefined || known === undefined || known.values.length === 0) return QUIET
    if (!(known.shown > 0) || known.values.some(({ value }) => value === shown)) return QUIET
    const nats = Math.min(CAP, Math.log1p(known.shown / beta) / 2)
    return [{ reason: 'unseen', nats, detail: { requests: known.shown, handshakes: known.values.length } }]
  },
})
