import { z } from 'zod'
import type { ProgramKind, Subject } from '../../model.ts'
import { defineSignal, QUIET } from '../signal.ts'

const nats = (value: number, what: string) => z.number().min(0).max(4).default(value).describe(what)

const settings = z.strictObject({
  botNats: nats(3, 'How much a crawler counts.'),
  headlessNats: nats(3, 'How much a browser without a person counts.'),
  toolNats: nats(1.5, 'How much an HTTP library or a command line counts.'),
})

export default defineSignal({
  id: 'automation',
  summary: 'A program asks in the name of a person, and that is not how this person usually comes.',
  reasons: {
    bot: 'The client calls itself a crawler.',
    headless: 'The client is a browser that nobody looks at.',
    tool: 'The client is an HTTP library or a command line.',
  },
  cap: 4,
  looksBack: true,
  settings,
  evaluate({ subject, facts, past }, s) {
    const { kind } = facts.client
    if (!isAutomated(kind) || !isPerson(subject)) return QUIET
    const shown = past.shown['client']
    // Without the store nobody knows whether this is a habit.
    if (shown === undefined || past.degraded.includes('store')) return QUIET
    const known = past.profile?.features['client']?.values
    if (known?.some(({ value }) => value === shown) === true) return QUIET
    return [{ reason: kind, nats: s[`${kind}Nats`] }]
  },
})

type Automated = 'bot' | 'headless' | 'tool'

const isAutomated = (kind: ProgramKind | undefined): kind is Automated =>
  kind === 'bot' || kind === 'headless' || kind === 'tool'

/** A user who acts directly: machines and agents are programs. */
const isPerson = (subject: Subject): boolean =>
  subject.state === 'identified' &&
  subject.credential.kind === 'user' &&
  subject.credential.actor === undefined
