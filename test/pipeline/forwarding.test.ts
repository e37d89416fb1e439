import { describe, expect, test } from '@jest/globals'
import { undecodableCheck } from '../../src/check/request.ts'
import type { FailureCode } from '../../src/errors.ts'
import type { Answer, Check, Outcome } from '../../src/model.ts'
import { asRecorded, decideAgain } from '../../src/replay.ts'
import { openTestApp, type TestApp } from '../harness/app.ts'
import { makeCheck } from '../harness/requests.ts'
import { AUDIENCE, issuerOf, mintAccessToken, NOW_MS } from '../harness/tokens.ts'
import { recordOf } from '../support/records.ts'

/** MCP-02 `forwardsCredential: false`: whatever passes, however it came to pass, the application sees no token. */

const NAME = '__Host-session'
const SETTINGS = {
  identity: { issuers: [issuerOf({ cookie: { name: NAME } })] },
  entrypoints: [
    { name: 'mcp', match: { port: 1001 }, externalOrigins: [AUDIENCE], forwardsCredential: false },
    { name: 'api', externalOrigins: [AUDIENCE] },
  ],
  actions: [{ name: 'read', match: { methods: ['GET'] }, sensitivity: 'low' }],
}
const OBSERVE = { ...SETTINGS, enforcement: { mode: 'observe' } }
const TOKEN = mintAccessToken()

const checkAt = (port: number, headers: Record<string, string | string[]>, parts: Partial<Check> = {}) =>
  makeCheck({
    atMs: NOW_MS + 1000,
    path: '/v1/items',
    destination: { ip: '10.0.0.1', port, principal: '' },
    ...parts,
    headers,
  })
const removedBy = (answer: Answer) => ('removeHeaders' in answer ? answer.removeHeaders : [])
const cookieSetBy = (answer: Answer) =>
  'setHeaders' in answer ? answer.setHeaders.find(([name]) => name === 'cookie')?.[1] : undefined

function again(app: TestApp, outcome: Outcome) {
  const snapshot = app.app.current()
  if (snapshot === undefined) throw new Error('no snapshot')
  return decideAgain(recordOf(outcome), snapshot).answer
}

describe('what passes outright, because it is only observed', () => {
  const bearer = { authorization: `Bearer ${TOKEN}` }

  test.each<FailureCode>([
    'check.fault.unexpected',
    'check.deadline.exceeded',
    'check.capacity.exceeded',
    'check.caller.refused',
    'audit.record.unavailable',
  ])('%s', async (failure) => {
    const app = await openTestApp(OBSERVE)
    const refuse = (port: number) => app.app.decider().refuse(checkAt(port, bearer), failure)
    expect(removedBy(refuse(1001).answer)).toEqual(expect.arrayContaining(['authorization', 'dpop']))
    expect(removedBy(refuse(1002).answer)).not.toContain('authorization')
  })

  test.each([
    'check.request.undecodable',
    'check.request.oversized',
  ] as const)('%s: through which entrypoint it came nobody can read, so the strictest holds', async (malformed) => {
    const unread = (id: string) =>
      undecodableCheck({ id, atMs: NOW_MS, caller: { state: 'verified', sans: [] } }, malformed)
    const app = await openTestApp(OBSERVE)
    const { answer } = await app.decide(unread('1'))
    expect(answer.effect).toBe('observe')
    expect(removedBy(answer)).toEqual(expect.arrayContaining(['authorization', 'dpop', 'cookie']))
    const lax = { ...OBSERVE, entrypoints: [{ name: 'api' }] }
    expect(removedBy((await (await openTestApp(lax)).decide(unread('2'))).answer)).not.toContain(
      'authorization',
    )
  })

  test('a token in the query is refused, and is all that observe mode leaves to the application (docs/answers.md)', async () => {
    const inQuery = checkAt(1001, bearer, { hasQueryToken: true })
    const refused = { effect: 'deny', failure: 'identity.credential.in-query' }
    const enforced = await (await openTestApp(SETTINGS)).decide(inQuery)
    expect(enforced).toMatchObject({ decision: refused, answer: { effect: 'deny', status: 400 } })
    const observed = await (await openTestApp(OBSERVE)).decide(inQuery)
    expect(observed).toMatchObject({ decision: refused, answer: { effect: 'observe' } })
    expect(removedBy(observed.answer)).toEqual(expect.arrayContaining(['authorization', 'dpop']))
  })

  test('its record gives the same answer again', async () => {
    const app = await openTestApp(OBSERVE)
    const outcome = app.app.decider().refuse(checkAt(1001, bearer), 'check.fault.unexpected')
    expect(again(app, outcome)).toEqual(asRecorded(outcome.answer))
  })
})

describe('the cookie that holds the token', () => {
  const ask = async (port: number, cookie: string | string[], parts: Partial<Check> = {}) => {
    const app = await openTestApp(SETTINGS)
    return { app, outcome: await app.decide(checkAt(port, { cookie }, parts)) }
  }

  test.each([
    ['the others stay', `a=1; ${NAME}=${TOKEN}; b="2,3"`, 'a=1; b="2,3"'],
    ['at the beginning', `${NAME}=${TOKEN}; a=1`, 'a=1'],
    ['at the end', `a=1;${NAME}=${TOKEN}`, 'a=1'],
  ])('is taken out: %s', async (_what, cookie, left) => {
    const { outcome } = await ask(1001, cookie)
    expect(outcome.answer.effect).toBe('allow')
    expect(cookieSetBy(outcome.answer)).toBe(left)
    expect(removedBy(outcome.answer)).not.toContain('cookie')
  })

  test('out of several lines', async () => {
    const { outcome } = await ask(1001, ['a=1', `${NAME}=${TOKEN}`, 'b=2'])
    expect(cookieSetBy(outcome.answer)).toBe('a=1; b=2')
  })

  test('alone: no header is left', async () => {
    const { outcome } = await ask(1001, `${NAME}=${TOKEN}`)
    expect(cookieSetBy(outcome.answer)).toBeUndefined()
    expect(removedBy(outcome.answer)).toContain('cookie')
  })

  test('stays where the entrypoint forwards it, and other cookies are left alone', async () => {
    for (const outcome of [
      (await ask(1002, `a=1; ${NAME}=${TOKEN}`)).outcome,
      (await openTestApp(OBSERVE)).app
        .decider()
        .refuse(checkAt(1001, { cookie: 'a=1' }), 'check.fault.unexpected'),
    ]) {
      expect(cookieSetBy(outcome.answer)).toBeUndefined()
      expect(removedBy(outcome.answer)).not.toContain('cookie')
    }
  })

  test.each([
    ['twice', `a=1; ${NAME}=x; ${NAME}=y`, 'a=1'],
    ['as only some read it', `a=1; __HOST-session=x; \u00a0${NAME}=y`, 'a=1'],
    ['behind a comma', `a=1,${NAME}=x; b=2`, 'b=2'],
    ['too many of them', `${NAME}=x${';'.repeat(60_000)}`, undefined],
  ])('is taken out of what observe mode lets pass: %s', async (_what, cookie, left) => {
    const app = await openTestApp(OBSERVE)
    const { answer } = await app.decide(checkAt(1001, { cookie }))
    expect(answer.effect).toBe('observe')
    expect(cookieSetBy(answer)).toBe(left)
    expect(removedBy(answer).includes('cookie')).toBe(left === undefined)
  })

  test('and of what passes outright', async () => {
    const app = await openTestApp(OBSERVE)
    const check = checkAt(1001, { cookie: `a=1; ${NAME}=${TOKEN}` })
    expect(cookieSetBy(app.app.decider().refuse(check, 'check.fault.unexpected').answer)).toBe('a=1')
  })

  test('no record holds a cookie, and the answer is the same again but for it', async () => {
    for (const cookie of [`a=secret; ${NAME}=${TOKEN}`, `${NAME}=${TOKEN}`]) {
      const { app, outcome } = await ask(1001, cookie)
      expect(JSON.stringify(recordOf(outcome))).not.toContain('secret')
      expect(again(app, outcome)).toEqual(asRecorded(outcome.answer))
    }
  })
})
