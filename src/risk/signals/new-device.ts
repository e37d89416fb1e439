import { z } from 'zod'
import { habitOf, unseenIn, unseenNats } from '../novelty.ts'
import { defineSignal, QUIET } from '../signal.ts'

const CAP = 5

export default defineSignal({
  id: 'new-device',
  summary: 'The claimed device is not one of those this identity has shown before.',
  reasons: { unseen: 'This identity has shown a device before, and never this one.' },
  cap: CAP,
  looksBack: true,
  settings: z.strictObject({
    beta: habitOf('a device'),
  }),
  evaluate({ facts, past }, { beta }) {
    const known = unseenIn(past, 'device')
    if (facts.device.id === undefined || known === undefined) return QUIET
    const nats = Math.min(CAP, unseenNats(known.shown, beta))
    return [{ reason: 'unseen', nats, detail: { requests: known.shown, devices: known.values.length } }]
  },
})
