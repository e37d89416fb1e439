import { z } from 'zod'
import { isUsuallyShown } from '../../lib/usual.ts'
import { defineSignal, QUIET } from '../signal.ts'

export default defineSignal({
  id: 'binding',
  summary: 'The holder of the token has proved to be the one it was issued to, or no longer does so.',
  reasons: {
    missing: 'This identity always proves that its tokens are its own, and this request does not.',
    verified: 'The holder has proved the key or certificate that the token is bound to.',
  },
  cap: 6,
  // Rests on a proof that Vigil has verified, so it may reassure.
  floor: -5,
  looksBack: true,
  settings: z.strictObject({
    missingNats: z.number().min(0).max(6).default(6).describe('How much a missing proof counts.'),
    verifiedNats: z.number().min(0).max(5).default(5).describe('How much a verified proof reassures.'),
  }),
  evaluate({ subject, past }, { missingNats, verifiedNats }) {
    if (subject.state !== 'identified') return QUIET
    const { binding } = subject
    if (binding.state === 'verified') return [{ reason: 'verified', nats: -verifiedNats }]
    const shown = past.profile?.features['binding']?.shown
    const seen = past.profile?.seen ?? 0
    if (binding.isOptional === true || shown === undefined || !isUsuallyShown(shown, seen)) return QUIET
    return [{ reason: 'missing', nats: missingNats, detail: { verified: shown, requests: seen } }]
  },
})
