import { describe, expect, test } from '@jest/globals'
import { actorsOf, flawOfActors } from '../../src/tokens/actors.ts'
import { ISSUER, type Members } from '../harness/tokens.ts'
import { credentialOf, minted, verdict } from './verifying.ts'

/** `a1` acts now; the deepest acted first. */
const chain = (depth: number, at = 1): Members =>
  at === depth ? { sub: `a${at}` } : { sub: `a${at}`, act: chain(depth, at + 1) }

/** As deep as a token's size lets it be, without any name. */
const nameless = (depth: number): unknown => JSON.parse(`${'{"act":'.repeat(depth)}1${'}'.repeat(depth)}`)

describe('the actors of a token (RFC 8693 section 4.1)', () => {
  test.each<[string, unknown, string]>([
    ['ACT-01 a text', 'agent', 'act is of the wrong type'],
    ['ACT-01 null', null, 'act is of the wrong type'],
    ['ACT-01 a list', [{ sub: 'a' }], 'act is of the wrong type'],
    ['ACT-01 without sub', { iss: ISSUER }, 'act has no sub that is a text'],
    ['ACT-01 an empty sub', { sub: '' }, 'act has no sub that is a text'],
    ['ACT-01 a number for sub', { sub: 7 }, 'act has no sub that is a text'],
    ['ACT-01 a list for sub', { sub: ['a'] }, 'act has no sub that is a text'],
    ['ACT-01 an empty iss', { sub: 'a', iss: '' }, 'act has an iss that is no text'],
    ['ACT-02 an inner actor that is a text', { sub: 'a', act: 'b' }, 'act is of the wrong type'],
    ['ACT-02 an inner actor without sub', { sub: 'a', act: {} }, 'act has no sub that is a text'],
    ['ACT-02 a good inner actor behind no outer sub', { act: { sub: 'b' } }, 'act has no sub that is a text'],
    ['ACT-06 six actors', chain(6), 'act nests more than 5 deep'],
  ])('%s is refused', (_, act, flaw) => {
    expect(flawOfActors(act)).toBe(flaw)
  })

  test('ACT-06 five actors, and none', () => {
    expect(flawOfActors(chain(5))).toBeUndefined()
    expect(flawOfActors(undefined)).toBeUndefined()
    expect(actorsOf(undefined)).toEqual([])
  })

  test('ACT-06 of a chain of 1,000 only five actors are looked at', () => {
    let looks = 0
    const counted = (act: unknown): object => ({
      sub: 'a',
      get act() {
        looks++
        return act
      },
    })
    let deep: object = { sub: 'a' }
    for (let depth = 0; depth < 1000; depth++) deep = counted(deep)
    expect(flawOfActors(deep)).toBe('act nests more than 5 deep')
    expect(looks).toBe(5)
  })

  test.each([
    ['of 1,000 nameless actors', nameless(1000), 'identity.token.malformed'],
    ['of 1,000 actors, which no token has room for', chain(1000), 'identity.token.oversized'],
    ['of 6 actors', chain(6), 'identity.token.claims'],
  ])('ACT-06 a token with a chain %s is refused', async (_, act, failure) => {
    expect(await verdict(minted({ act }))).toBe(failure)
  })

  test('ACT-01 the outermost is the actor, wherever it stands in the text; ACT-06 the others are kept for the record', async () => {
    const act = { act: { act: { sub: 'first' }, sub: 'planner', iss: 'https://agents.example' }, sub: 'now' }
    const { subject, kind, actor, priorActors } = await credentialOf(minted({ act }))
    expect({ subject, kind, actor, priorActors }).toEqual({
      subject: 'alice',
      kind: 'agent',
      actor: { subject: 'now' },
      priorActors: [{ subject: 'planner', issuer: 'https://agents.example' }, { subject: 'first' }],
    })
  })

  test('ACT-03 exp, nbf, aud, scope and cnf inside act mean nothing', async () => {
    const act = {
      sub: 'a',
      exp: 1,
      nbf: 9e9,
      aud: 'https://other.example',
      scope: 'admin',
      cnf: { jkt: 'x' },
    }
    const credential = await credentialOf(minted({ act }))
    expect(credential.actor).toEqual({ subject: 'a' })
    expect(credential.scopes).toEqual(['orders.read', 'orders.write'])
    expect(credential.confirmation).toEqual({})
  })

  test('ACT-04 may_act makes nobody an actor, whatever it is', async () => {
    const credential = await credentialOf(minted({ may_act: { sub: 'agent-1' } }))
    expect(credential).toMatchObject({ kind: 'user' })
    expect(credential.actor).toBeUndefined()
    expect(credential.priorActors).toBeUndefined()
  })
})
