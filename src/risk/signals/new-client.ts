import { z } from 'zod'
import { habitOf, unseenIn, unseenNats } from '../novelty.ts'
import { defineSignal, QUIET } from '../signal.ts'

const CAP = 3

export default defineSignal({
  id: 'new-client',
  summary: 'The program that asks is not one of those this identity has used before.',
  reasons: { unseen: 'This identity has used other browsers, systems or programs, and never this one.' },
  cap: CAP,
  looksBack: true,
  settings: z.strictObject({
    beta: habitOf('a program'),
  }),
  /** A known program says nothing, because the name is a claim. */
  evaluate({ facts, past }, { beta }) {
    const { kind, browser, os } = facts.client
    const known = unseenIn(past, 'client')
    if (kind === undefined || known === undefined) return QUIET
    const nats = Math.min(CAP, unseenNats(known.shown, beta))
    const named = { kind, ...(browser === undefined ? {} : { browser }), ...(os === undefined ? {} : { os }) }
    return [{ reason: 'unseen', nats, detail: { requests: known.shown, ...named } }]
  },
})
