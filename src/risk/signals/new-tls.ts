import { z } from 'zod'
import { habitOf, unseenIn, unseenNats } from '../novelty.ts'
import { defineSignal, QUIET } from '../signal.ts'

const CAP = 2

export default defineSignal({
  id: 'new-tls',
  summary: 'The TLS handshake is not one that the programs of this identity have made before.',
  reasons: { unseen: 'This identity has come with other TLS handshakes, and never with this one.' },
  cap: CAP,
  looksBack: true,
  settings: z.strictObject({
    beta: habitOf('a handshake'),
  }),
  /** Half of what `new-device` would say: an update of a browser changes its handshake, too. */
  evaluate({ past }, { beta }) {
    const known = unseenIn(past, 'tls')
    if (known === undefined) return QUIET
    const nats = Math.min(CAP, unseenNats(known.shown, beta) / 2)
    return [{ reason: 'unseen', nats, detail: { requests: known.shown, handshakes: known.values.length } }]
  },
})
