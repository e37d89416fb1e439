import { z } from 'zod'
import { defineSignal, QUIET } from '../signal.ts'

const CAP = 1.5

export default defineSignal({
  id: 'token-age',
  summary: 'The token was issued long ago, so it has had time to leak.',
  reasons: { old: 'The token is older than tokens in use normally are.' },
  cap: CAP,
  settings: z.strictObject({
    fromMinutes: z
      .number()
      .positive()
      .default(30)
      .describe('Age in minutes from which a token counts as old.'),
    natsPerDoubling: z
      .number()
      .min(0)
      .default(0.375)
      .describe('What each doubling of that age adds; the signal never exceeds 1.5.'),
  }),
  evaluate({ check, subject }, { fromMinutes, natsPerDoubling }) {
    if (subject.state !== 'identified' || subject.credential.issuedAt === undefined) return QUIET
    const minutes = (check.atMs / 1000 - subject.credential.issuedAt) / 60
    if (!(minutes > fromMinutes)) return QUIET
    const nats = Math.min(CAP, Math.log2(minutes / fromMinutes) * natsPerDoubling)
    return [{ reason: 'old', nats, detail: { ageMinutes: Math.floor(minutes) } }]
  },
})
