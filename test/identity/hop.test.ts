import { describe, expect, test } from '@jest/globals'
import { equip, identify } from '../../src/identity/index.ts'
import type { Entrypoint } from '../../src/model.ts'
import { athOf } from '../harness/proofs.ts'
import { AT_MS, makeCheck, makeEntrypoint } from '../harness/requests.ts'
import {
  ALLOW,
  type Case,
  CERTIFICATE,
  checkOf,
  config,
  DENY,
  edge,
  identified,
  inside,
  issueHop,
  subjectOf,
  verdict,
  withProof,
} from './identifying.ts'

describe('the hop of an edge', () => {
  /** What the edge sets after it has let this request pass. */
  async function hopAfter(c: Case): Promise<string> {
    const check = checkOf(c)
    const hop = issueHop(await identify(check, edge, config), check, edge, config)
    if (hop === undefined) throw new Error('no hop')
    return hop
  }
  const behind = (c: Case): Case => ({ entrypoint: inside, ...c })

  test('replaces the proof inside, marks the request as counted, and is to be used once', async () => {
    const hop = await hopAfter(withProof('dpop-required'))
    const subject = await identified(behind({ authorization: 'DPoP dpop-required', hop }))
    expect(subject.binding).toEqual({
      state: 'verified',
      methods: ['dpop'],
      isRequired: true,
      isCarried: true,
    })
    expect(subject.isCounted).toBe(true)
    expect(subject.uses).toEqual([
      {
        kind: 'hop',
        name: expect.stringMatching(/^orders\n[^\n]+\n[^\n]+$/),
        ttlMs: 12_000,
        issuedAtMs: AT_MS,
        mayRepeat: false,
      },
    ])
  })

  test('the use is named per inside entrypoint and per decision', async () => {
    const name = async (hop: string, entrypoint: Entrypoint) =>
      (await identified({ authorization: 'DPoP dpop', hop, entrypoint })).uses[0]?.name
    const first = await hopAfter(withProof('dpop'))
    const second = await hopAfter({ ...withProof('dpop'), check: { id: 'another-id' } })
    const payments = { ...inside, name: 'payments' }
    const names = [await name(first, inside), await name(second, inside), await name(first, payments)]
    expect(new Set(names).size).toBe(3)
    expect(await name(first, inside)).toBe(names[0])
  })

  test('carries a certificate binding, both, and the absence of any', async () => {
    const certificate = CERTIFICATE
    const mtls = await hopAfter({ authorization: 'Bearer mtls', certificate })
    expect(await verdict(behind({ authorization: 'Bearer mtls', hop: mtls }))).toBe('identified mtls')
    const both = await hopAfter({ ...withProof('both'), certificate })
    expect(await verdict(behind({ authorization: 'DPoP both', hop: both }))).toBe('identified dpop+mtls')
    const none = await hopAfter({ authorization: 'Bearer plain' })
    const subject = await identified(behind({ authorization: 'Bearer plain', hop: none }))
    expect(subject.binding).toMatchObject({ state: 'absent', isCarried: false })
    expect(subject.isCounted).toBe(true)
  })

  test.each<[string, (hop: string) => Case]>([
    ['at an edge it is ignored', (hop) => ({ authorization: 'DPoP dpop', hop, entrypoint: edge })],
    ['for another token', (hop) => behind({ authorization: 'DPoP dpop-required', hop })],
    ['for another method', (hop) => behind({ authorization: 'DPoP dpop', hop, check: { method: 'POST' } })],
    [
      'for another authority',
      (hop) => behind({ authorization: 'DPoP dpop', hop, check: { authority: 'x' } }),
    ],
    ['too old', (hop) => behind({ authorization: 'DPoP dpop', hop, check: { atMs: AT_MS + 10_001 } })],
    ['sent twice', (hop) => behind({ authorization: 'DPoP dpop', hop: [hop, hop] })],
    ['joined', (hop) => behind({ authorization: 'DPoP dpop', hop: `${hop},${hop}` })],
    ['changed', (hop) => behind({ authorization: 'DPoP dpop', hop: `${hop}x` })],
    ['forged', () => behind({ authorization: 'DPoP dpop', hop: 'v1.dpop.id.1.x' })],
    ['absent', () => behind({ authorization: 'DPoP dpop' })],
  ])('without a valid hop the request must prove itself: %s', async (_, c) => {
    expect(await verdict(c(await hopAfter(withProof('dpop'))))).toBe('identity.dpop.missing')
  })

  test('inside without a hop, a full proof is taken and counted', async () => {
    const subject = await identified(behind(withProof('dpop')))
    expect(subject).toMatchObject({ isCounted: false, uses: [{ kind: 'proof' }] })
  })

  test('a hop that saw less than the token needs is worth nothing', async () => {
    const { hops } = config
    const claims = { tokenHash: athOf('both'), method: 'GET', authority: 'api.example.com' }
    for (const binding of ['none', 'dpop', 'mtls']) {
      const hop = hops.sign({ ...claims, binding, decisionId: 'id', atMs: AT_MS })
      expect(await verdict(behind({ authorization: 'DPoP both', hop }))).toBe('identity.mtls.missing')
    }
  })

  test('a hop does not soften how the token may be shown', async () => {
    const hop = await hopAfter(withProof('dpop'))
    expect(await verdict(behind({ authorization: 'Bearer dpop', hop }))).toBe('identity.dpop.bearer')
  })

  test.each<[string, Partial<Entrypoint>, Case, boolean]>([
    ['its verified edge', { peerVerified: true }, { principal: 'spiffe://edge' }, true],
    ['a peer that nobody verified', { peerVerified: false }, { principal: 'spiffe://edge' }, false],
    ['another principal', { peerVerified: true }, { principal: 'spiffe://other' }, false],
    ['no principal, even if listed', { peerVerified: true, edges: [''] }, { principal: '' }, false],
    [
      'a caller that has not proved who it is',
      { peerVerified: true },
      { principal: 'spiffe://edge', check: { caller: { state: 'unverified', sans: [] } } },
      false,
    ],
  ])('may pass again (router retry) only from %s', async (_, parts, c, mayRepeat) => {
    const hop = await hopAfter(withProof('dpop'))
    const principal = c.principal ?? ''
    const entrypoint = { ...inside, ...parts }
    const check = { ...c.check, source: { ip: '10.0.0.9', port: 1, principal } }
    const subject = await identified({ authorization: 'DPoP dpop', hop, entrypoint, check })
    expect(subject.uses[0]?.mayRepeat).toBe(mayRepeat)
  })

  test('is issued only by an edge that is told to, and only for an identified subject', async () => {
    const check = makeCheck()
    const subject = await subjectOf({ authorization: 'Bearer plain' })
    expect(issueHop(subject, check, edge, config)).toMatch(/^v1\.none\./)
    expect(equip(subject, { ...ALLOW, effect: 'monitor' }, check, edge, config).hop).toMatch(/^v1\.none\./)
    expect(equip(subject, DENY, check, edge, config).hop).toBeUndefined()
    expect(issueHop(subject, check, makeEntrypoint({ issuesHop: false }), config)).toBeUndefined()
    expect(issueHop(subject, check, { ...inside, issuesHop: true }, config)).toBeUndefined()
    expect(issueHop({ state: 'anonymous' }, check, edge, config)).toBeUndefined()
    expect(issueHop({ state: 'refused', failure: 'identity.dpop.time' }, check, edge, config)).toBeUndefined()
  })
})
