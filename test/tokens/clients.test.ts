import { describe, expect, test } from '@jest/globals'
import { identitySettings } from '../../src/config/schema/identity.ts'
import {
  AUDIENCE,
  entrypointOf,
  ISSUER,
  issuerOf,
  type Members,
  mintAccessToken,
  NOW_MS,
} from '../harness/tokens.ts'
import { credentialOf, minted, verdict, verifierOf } from './verifying.ts'

const OTHER = 'https://other.example.com'
const ORDERS = 'https://orders.example.com'

const listing = (clients: readonly Members[], more: Members = {}, issuers: readonly Members[] = [{}]) =>
  verifierOf(
    identitySettings.parse({
      issuers: issuers.map((issuer) => issuerOf({ audiences: [AUDIENCE, ORDERS], ...issuer })),
      clients,
      cache: { maxTokens: 0 },
      ...more,
    }),
  )

const app = { id: 'web-app', kind: 'user-app', owner: 'shop team' }
const job = { id: 'nightly', kind: 'machine' }
const agent = { id: 'assistant', kind: 'agent', owner: 'ai team' }
const all = listing([app, job, agent])

describe('the kind of a caller', () => {
  test.each<[string, Members, string, string | undefined]>([
    ['a person at a listed app', {}, 'user', undefined],
    ['the app’s own token', { sub: 'web-app' }, 'machine', undefined],
    ['a listed machine', { sub: 'nightly', client_id: 'nightly' }, 'machine', undefined],
    [
      'a listed machine whose sub is an object id',
      { sub: 'f81d4fae', client_id: 'nightly' },
      'machine',
      undefined,
    ],
    ['ACT-05 a listed agent for itself', { sub: 'assistant', client_id: 'assistant' }, 'agent', undefined],
    ['ACT-05 a listed agent with a user’s sub and no act', { client_id: 'assistant' }, 'agent', 'assistant'],
    ['ACT-01 act stands before the list', { client_id: 'assistant', act: { sub: 'b' } }, 'agent', 'b'],
    ['a listed app whose user sent an agent', { act: { sub: 'b' } }, 'agent', 'b'],
    ['ACT-08 an unlisted client as the user', { client_id: 'unlisted' }, 'user', undefined],
    ['an unlisted client for itself', { client_id: 'unlisted', sub: 'unlisted' }, 'machine', undefined],
    ['a client called like a member of every object', { client_id: 'constructor' }, 'user', undefined],
    ['a listed name in another case', { client_id: 'Assistant' }, 'user', undefined],
  ])('%s', async (_, claims, kind, actor) => {
    const credential = await credentialOf(minted(claims), all)
    expect([credential.kind, credential.actor?.subject]).toEqual([kind, actor])
    expect(credential.subject).toBe(claims['sub'] ?? 'alice')
  })

  test('the registration goes with the credential', async () => {
    expect((await credentialOf(minted({}), all)).registration).toEqual({
      kind: 'user-app',
      owner: 'shop team',
    })
    const machine = await credentialOf(minted({ client_id: 'nightly' }), all)
    expect(machine.registration).toEqual({ kind: 'machine' })
    expect(await credentialOf(minted({ client_id: 'unlisted' }), all)).not.toHaveProperty('registration')
  })
})

describe('who may come', () => {
  const closed = listing([app, { ...job, audiences: [ORDERS] }], { unlistedClients: 'refuse' })
  const both = [AUDIENCE, ORDERS]
  test.each<[string, Members, string]>([
    ['a listed client', {}, 'accepted'],
    ['one that is not listed', { client_id: 'evil' }, 'identity.client.unlisted'],
    ['one that azp alone would list', { client_id: 'evil', azp: 'web-app' }, 'identity.token.claims'],
    ['the same client twice', { azp: 'web-app' }, 'accepted'],
    ['all audiences where none are named', { aud: both }, 'accepted'],
    ['its audience', { client_id: 'nightly', aud: ORDERS }, 'accepted'],
    ['its audience, and one that is not ours', { client_id: 'nightly', aud: [ORDERS, OTHER] }, 'accepted'],
    ['another audience', { client_id: 'nightly' }, 'identity.client.audience'],
    ['its audience and another of ours', { client_id: 'nightly', aud: both }, 'identity.client.audience'],
  ])('%s', async (_, claims, expected) => {
    expect(await verdict(minted(claims), closed)).toBe(expected)
  })

  test.each<[string, Members, string]>([
    ['a listed agent', { sub: 'assistant' }, 'accepted'],
    ['one that is not listed', { sub: 'evil' }, 'identity.client.unlisted'],
    ['a listed agent, as its own issuer knows it', { sub: 'assistant', iss: ISSUER }, 'accepted'],
    [
      'one that another issuer knows by a listed name',
      { sub: 'assistant', iss: OTHER },
      'identity.client.unlisted',
    ],
    ['a listed agent of another issuer', { sub: 'planner', iss: OTHER }, 'accepted'],
    ['that name here', { sub: 'planner' }, 'identity.client.unlisted'],
    ['one that is not listed acted before', { sub: 'assistant', act: { sub: 'evil' } }, 'accepted'],
    ['a listed agent acted before', { sub: 'evil', act: { sub: 'assistant' } }, 'identity.client.unlisted'],
  ])('who acts for the user at a listed client: %s', async (_, act, expected) => {
    const planner = { id: 'planner', kind: 'agent', issuer: OTHER }
    const own = [app, agent].map((client) => ({ ...client, issuer: ISSUER }))
    const more = { unlistedClients: 'refuse' }
    expect(await verdict(minted({ act }), listing([...own, planner], more, [{}, { issuer: OTHER }]))).toBe(
      expected,
    )
    expect(await verdict(minted({ act }), listing([...own, planner], {}, [{}, { issuer: OTHER }]))).toBe(
      'accepted',
    )
  })

  test.each<[string, Members, string]>([
    ['its audience', { aud: ORDERS, act: { sub: 'assistant' } }, 'accepted'],
    ['another one, which the client may use', { act: { sub: 'assistant' } }, 'identity.client.audience'],
    [
      'its audience and another of ours',
      { aud: both, act: { sub: 'assistant' } },
      'identity.client.audience',
    ],
    [
      'another one, at a client that is not listed',
      { client_id: 'x', act: { sub: 'assistant' } },
      'identity.client.audience',
    ],
    ['another one, but it acted before', { act: { sub: 'b', act: { sub: 'assistant' } } }, 'accepted'],
    [
      'its audience, at a client that may not',
      { client_id: 'nightly', aud: ORDERS, act: { sub: 'b' } },
      'identity.client.audience',
    ],
  ])('a listed actor with audiences of its own: %s', async (_, claims, expected) => {
    const own = [app, { ...job, audiences: [AUDIENCE] }, { ...agent, audiences: [ORDERS] }]
    expect(await verdict(minted(claims), listing(own))).toBe(expected)
  })

  test('an actor of another issuer has the audiences of its entry there', async () => {
    const planner = { id: 'planner', kind: 'agent', issuer: OTHER, audiences: [ORDERS] }
    const two = listing([{ ...app, issuer: ISSUER }, planner], {}, [{}, { issuer: OTHER }])
    const act = { sub: 'planner', iss: OTHER }
    expect(await verdict(minted({ act, aud: ORDERS }), two)).toBe('accepted')
    expect(await verdict(minted({ act }), two)).toBe('identity.client.audience')
    expect(await verdict(minted({ act: { sub: 'planner' } }), two)).toBe('accepted')
  })

  test('nobody learns from a token of their own making who is listed', async () => {
    const token = minted({ client_id: 'evil' })
    expect(await verdict(`${token.slice(0, -8)}AAAAAAAA`, closed)).toBe('identity.token.signature')
  })

  test('a client is one of its issuer: the same id at another one is not listed', async () => {
    const two = listing([{ ...app, issuer: ISSUER }], { unlistedClients: 'refuse' }, [{}, { issuer: OTHER }])
    expect(await verdict(minted({}), two)).toBe('accepted')
    expect(await verdict(minted({ iss: OTHER }), two)).toBe('identity.client.unlisted')
  })

  test('azp of an issuer that does not follow RFC 9068 names the client', async () => {
    const lax = listing([app], { unlistedClients: 'refuse' }, [{ tokenType: 'JWT' }])
    const token = (claims: Members) =>
      mintAccessToken({ header: { typ: 'JWT' }, claims: { client_id: undefined, ...claims } })
    expect(await verdict(token({ azp: 'web-app' }), lax)).toBe('accepted')
    expect(await verdict(token({ azp: 'evil' }), lax)).toBe('identity.client.unlisted')
  })

  test('what the record is told', async () => {
    const detail = async (claims: Members) => {
      const result = await closed.verify(minted(claims), entrypointOf(), NOW_MS)
      return result.ok ? 'accepted' : result.detail
    }
    expect(await detail({ client_id: 'ev\u202eil' })).toBe('client_id is "ev\\u{202e}il"')
    expect(await detail({ act: { sub: 'evil' } })).toBe(
      'act.sub is "evil", known to "https://idp.example.com"',
    )
    expect(await detail({ client_id: 'nightly' })).toBe(
      'client "nightly", aud "https://api.example.com"; it may use https://orders.example.com',
    )
    const acting = listing([app, { ...agent, audiences: [ORDERS] }])
    const refused = await acting.verify(minted({ act: { sub: 'assistant' } }), entrypointOf(), NOW_MS)
    expect(refused).toMatchObject({
      detail: 'act.sub "assistant", aud "https://api.example.com"; it may use https://orders.example.com',
    })
  })
})
