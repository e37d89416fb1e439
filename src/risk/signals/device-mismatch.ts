import { z } from 'zod'
import { defineSignal, QUIET } from '../signal.ts'

export default defineSignal({
  id: 'device-mismatch',
  summary: 'The token names one device, and the request claims another.',
  reasons: { other: 'The claimed device is not the one that the token was issued to.' },
  cap: 6,
  settings: z.strictObject({
    nats: z.number().min(0).max(6).default(6).describe('How much a mismatch counts.'),
  }),
  /** Equality says nothing: a thief copies the header. A missing header says nothing either. */
  evaluate({ subject, facts }, { nats }) {
    if (subject.state !== 'identified' || facts.device.id === undefined) return QUIET
    const { device } = subject.credential
    if (device === undefined || device === facts.device.id) return QUIET
    return [{ reason: 'other', nats }]
  },
})
