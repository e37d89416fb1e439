import { describe, expect, test } from '@jest/globals'
import type { Past, ProgramKind, Subject } from '../../../src/model.ts'
import signal from '../../../src/risk/signals/automation.ts'
import { checkOf, credentialOf, factsOf, identified, pastOf } from '../../support/check-of.ts'
import { featureOf, knowing } from '../../support/seen.ts'

const user = identified()
const shown = { client: 'now' }
const usually = (value: string) => knowing({ client: featureOf(100, { [value]: 100 }) }, shown)

const evaluate = (kind: ProgramKind | undefined, past: Past, subject: Subject = user, written: object = {}) =>
  signal.evaluate(
    {
      check: checkOf(),
      subject,
      facts: factsOf({ client: { kind, browser: undefined, os: undefined } }),
      past,
    },
    signal.settings.parse(written),
  )

describe('quiet', () => {
  test.each<[string, ProgramKind | undefined, Past, Subject]>([
    ['a browser', 'browser', pastOf({ shown }), user],
    ['an app', 'app', pastOf({ shown }), user],
    ['a program that says nothing of itself', 'unknown', pastOf({ shown }), user],
    ['no user agent', undefined, pastOf(), user],
    ['a machine', 'tool', pastOf({ shown }), identified(credentialOf({ kind: 'machine' }))],
    ['an agent', 'tool', pastOf({ shown }), identified(credentialOf({ kind: 'agent' }))],
    ['an actor for a user', 'tool', pastOf({ shown }), identified(credentialOf({ actor: { subject: 'a' } }))],
    ['nobody', 'bot', pastOf({ shown }), { state: 'anonymous' }],
    ['a tool that this user always uses', 'tool', usually('now'), user],
    ['the store is away', 'bot', pastOf({ shown, degraded: ['store'] }), user],
  ])('%s', (_, kind, past, subject) => {
    expect(evaluate(kind, past, subject)).toEqual([])
  })
})

describe('findings', () => {
  test.each<[ProgramKind, Past, object, number]>([
    ['bot', usually('browser'), {}, 3],
    ['headless', usually('browser'), {}, 3],
    ['tool', usually('browser'), {}, 1.5],
    ['tool', pastOf({ shown }), {}, 1.5],
    ['tool', usually('browser'), { toolNats: 0.5 }, 0.5],
    ['bot', usually('browser'), { botNats: 4 }, 4],
    ['headless', usually('browser'), { headlessNats: 1 }, 1],
  ])('%s', (kind, past, written, nats) => {
    expect(evaluate(kind, past, user, written)).toEqual([{ reason: kind, nats }])
  })
})
