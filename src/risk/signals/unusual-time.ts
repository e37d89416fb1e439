import { z } from 'zod'
import { habitOf, isHours } from '../../lib/hours.ts'
import { defineSignal, QUIET } from '../signal.ts'

const CAP = 1
/** Hours around the present one that count as the same time. */
const REACH = 2
/** What a time says that is as usual as any other, at most: less is noise. */
const LEAST = 0.25

export default defineSignal({
  id: 'unusual-time',
  summary: 'The request comes at a time of day at which this identity is seldom active.',
  reasons: { hour: 'At this time of such a day this identity is seldom or never active.' },
  cap: CAP,
  looksBack: true,
  settings: z.strictObject({
    beta: z
      .number()
      .positive()
      .default(20)
      .describe('How many active hours it takes until they count as a habit.'),
  }),
  /** ln of how much more often it would come at this time if all hours were alike (Dirichlet prior). */
  evaluate({ facts, past }, { beta }) {
    const counts = past.profile?.hours?.counts
    const { hourOfWeek } = facts.time
    if (!isHours(counts) || !(hourOfWeek >= 0 && hourOfWeek < 168)) return QUIET
    const { total, near } = habitOf(counts, hourOfWeek, REACH)
    const even = (2 * REACH + 1) / 24
    const nats = Math.min(CAP, Math.log((even * (total + beta)) / (near + even * beta)))
    if (!(nats >= LEAST)) return QUIET
    return [{ reason: 'hour', nats, detail: { hour: hourOfWeek % 24, activeHours: total, activeNear: near } }]
  },
})
