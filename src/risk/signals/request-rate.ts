import { z } from 'zod'
import { logUpperTail } from '../../lib/negative-binomial.ts'
import type { Past } from '../../model.ts'
import { defineSignal, QUIET } from '../signal.ts'

const CAP = 5

const settings = z.strictObject({
  elevatedSurprise: z
    .number()
    .positive()
    .default(3)
    .describe('Surprise from which the rate is `elevated`: 3 means once in 10^3 minutes.'),
  burstSurprise: z.number().positive().default(6).describe('Surprise from which the rate is a `burst`.'),
  minRequests: z
    .number()
    .int()
    .min(1)
    .default(30)
    .describe('Fewer requests in the minute are never a finding: opening one page may cost that many.'),
  priorRequestsPerMinute: z
    .number()
    .positive()
    .default(30)
    .describe('Rate that is expected of an identity about which nothing is known.'),
  priorMinutes: z
    .number()
    .positive()
    .default(0.05)
    .describe('How firmly that is expected, in minutes of watching; less is more tolerant of newcomers.'),
  weight: z
    .number()
    .positive()
    .max(1)
    .default(0.02)
    .describe('How much each minute of its own history counts; traffic is far less even than chance alone.'),
  steadiness: z
    .number()
    .min(1)
    .default(4)
    .describe(
      'How steady a learned habit is believed to be at most: its spread is 1/sqrt of this, here 50 %.',
    ),
})

export default defineSignal({
  id: 'request-rate',
  summary: 'This identity sends far more requests in this minute than its own habit makes likely.',
  reasons: {
    elevated: 'The rate is unusual for this identity.',
    burst: 'The rate is so far beyond the habit of this identity that something else must be at work.',
  },
  cap: CAP,
  looksBack: true,
  settings,
  evaluate({ past }, s) {
    const now = past.requestsPerMinute
    if (now === undefined || !(now >= s.minRequests)) return QUIET
    const { shape, minutes } = habitOf(past, s)
    const surprise = -logUpperTail(now, shape, minutes) / Math.LN10
    if (!(surprise >= Math.min(s.elevatedSurprise, s.burstSurprise))) return QUIET
    const detail = {
      requestsPerMinute: now,
      expected: Math.round((shape / minutes) * 10) / 10,
      surprise: Math.round(surprise * 10) / 10,
    }
    const nats = Math.min(CAP, surprise * Math.LN10 * 0.5)
    return [{ reason: surprise >= s.burstSurprise ? 'burst' : 'elevated', nats, detail }]
  },
})

/**
 * What this identity's rate is believed to be: its own history added to the population's prior (Gamma-Poisson).
 * Real traffic comes in clumps, so a minute of it tells less than a Poisson minute would: history is weighed
 * down, and at most `steadiness` of shape is believed, with the mean kept.
 */
function habitOf(past: Past, s: z.output<typeof settings>): { shape: number; minutes: number } {
  const rate = past.profile?.rate
  const shape = s.priorRequestsPerMinute * s.priorMinutes + s.weight * Math.max(0, rate?.shape ?? 0)
  const minutes = s.priorMinutes + s.weight * Math.max(0, rate?.minutes ?? 0)
  const scale = Math.min(1, s.steadiness / shape)
  return { shape: shape * scale, minutes: minutes * scale }
}
