import { Buffer } from 'node:buffer'
import { createHash, randomBytes } from 'node:crypto'
import { beforeAll, describe, expect, test } from '@jest/globals'
import { FAILURES } from '../../src/errors.ts'
import { type IdentityConfig, refused, type VerifiedToken } from '../../src/identity/contract.ts'
import { compileIdentity, equip, identify } from '../../src/identity/index.ts'
import type { Check, Decision, Entrypoint, Subject } from '../../src/model.ts'
import { createProofVerifier } from '../../src/tokens/dpop.ts'
import { createHopSigner } from '../../src/tokens/hop.ts'
import { createNonces } from '../../src/tokens/nonce.ts'
import { athOf, makeSigner, type ProofSigner, signProof } from '../harness/proofs.ts'
import { AT_MS, makeCheck, makeEntrypoint, makeToken } from '../harness/requests.ts'

const CERTIFICATE = Buffer.from('a certificate')
const X5T = createHash('sha256').update(CERTIFICATE).digest('base64url')
const nonces = createNonces([Buffer.alloc(32, 1)], randomBytes)
const edge = makeEntrypoint()
const inside = makeEntrypoint({ name: 'orders', role: 'inside', issuesHop: false, edges: ['spiffe://edge'] })

let signer: ProofSigner
let known: Map<string, VerifiedToken>
let config: IdentityConfig
let isAsync = false

beforeAll(async () => {
  signer = await makeSigner('ES256')
  const { jkt } = signer
  const required = { mode: 'required' } as const
  known = new Map([
    ['plain', makeToken('plain', {})],
    ['plain-required', makeToken('plain-required', {}, required)],
    ['plain-optional', makeToken('plain-optional', {}, { mode: 'optional' })],
    ['dpop', makeToken('dpop', { jkt })],
    ['dpop-required', makeToken('dpop-required', { jkt }, required)],
    ['dpop-optional', makeToken('dpop-optional', { jkt }, { mode: 'optional' })],
    ['dpop-nonce', makeToken('dpop-nonce', { jkt }, { dpop: { nonce: 'required' } })],
    ['mtls', makeToken('mtls', { x5t: X5T }, required)],
    ['both', makeToken('both', { jkt, x5t: X5T }, required)],
  ])
  const verify = (token: string) => {
    const found = known.get(token)
    return found === undefined ? refused('identity.token.signature') : ({ ok: true, value: found } as const)
  }
  config = compileIdentity(
    {
      tokens: { verify: (token) => (isAsync ? Promise.resolve(verify(token)) : verify(token)) },
      proofs: createProofVerifier(nonces),
      hops: createHopSigner([Buffer.alloc(32, 2)]),
    },
    { unverifiedCaller: false },
  )
})

let proofs = 0
const proofOf = (token: string, claims: Record<string, unknown> = {}) =>
  signProof(signer, {
    claims: {
      jti: `jti-${proofs++}`,
      htm: 'GET',
      htu: 'https://api.example.com/v1/users/~bob',
      iat: AT_MS / 1000,
      ath: athOf(token),
      ...claims,
    },
  })

interface Case {
  readonly authorization?: string
  readonly dpop?: string
  readonly hop?: string | string[]
  readonly certificate?: Uint8Array
  readonly principal?: string
  readonly check?: Partial<Omit<Check, 'headers'>>
  readonly entrypoint?: Entrypoint
  readonly config?: IdentityConfig
}

function checkOf(c: Case): Check {
  const headers: Record<string, string | string[]> = {}
  if (c.authorization !== undefined) headers['authorization'] = c.authorization
  if (c.dpop !== undefined) headers['dpop'] = c.dpop
  if (c.hop !== undefined) headers['x-vigil-hop'] = c.hop
  const certificate = c.certificate === undefined ? {} : { certificate: c.certificate }
  const source = { ip: '192.0.2.7', port: 1, principal: c.principal ?? '', ...certificate }
  return makeCheck({ source, ...c.check, headers })
}

const subjectOf = (c: Case): Promise<Subject> | Subject =>
  identify(checkOf(c), c.entrypoint ?? edge, c.config ?? config)

/** `anonymous`, the failure code, or the binding methods of the identified subject. */
async function verdict(c: Case): Promise<string> {
  const subject = await subjectOf(c)
  if (subject.state === 'anonymous') return 'anonymous'
  if (subject.state === 'refused') return subject.failure
  return `identified ${subject.binding.methods.join('+')}`.trim()
}

async function identified(c: Case) {
  const subject = await subjectOf(c)
  if (subject.state !== 'identified') throw new Error(JSON.stringify(subject))
  return subject
}

const withProof = (token: string, claims = {}): Case => ({
  authorization: `DPoP ${token}`,
  dpop: proofOf(token, claims),
})

const decided = { reasons: ['policy.default.low-low'], shadow: [], degraded: [] } as const
const ALLOW: Decision = { ...decided, effect: 'allow' }
const ASK_NONCE: Decision = { ...decided, effect: 'deny', failure: 'identity.dpop.nonce-required' }
const DENY: Decision = { ...decided, effect: 'deny', failure: 'policy.rule.denied' }

const issueHop = (subject: Subject, check: Check, entrypoint: Entrypoint, from: IdentityConfig) =>
  equip(subject, ALLOW, check, entrypoint, from).hop
const freshNonce = (subject: Subject, check: Check, from: IdentityConfig) => {
  const equipped = equip(subject, ASK_NONCE, check, edge, from).subject
  return equipped.state === 'anonymous' ? undefined : equipped.nextNonce
}

describe('one credential, one subject', () => {
  test('BR-01 nothing shown is anonymous', async () => expect(await verdict({})).toBe('anonymous'))

  test.each([
    ['Bearer bad', 'identity.token.signature'],
    ['Basic eA==', 'identity.credential.unsupported'],
    ['Bearer plain,Bearer plain', 'identity.credential.multiple'],
    ['Bearer', 'identity.credential.malformed'],
  ])('a refused credential never becomes another subject: %s', async (authorization, failure) => {
    expect(await verdict({ authorization, certificate: CERTIFICATE, principal: 'spiffe://a' })).toBe(failure)
  })

  test('BR-05 a token in the query', async () => {
    const c = { authorization: 'Bearer plain', check: { hasQueryToken: true } }
    expect(await verdict(c)).toBe('identity.credential.in-query')
  })

  test('what is repeated is an invalid request, a foreign scheme a plain challenge', () => {
    expect(FAILURES['identity.credential.multiple'].problem).toBe('invalid-request')
    expect(FAILURES['identity.dpop.multiple'].problem).toBe('invalid-request')
    expect(FAILURES['identity.credential.unsupported'].problem).toBe('authentication-required')
  })

  test('the subject is the verified credential itself, so caches may hang on it', async () => {
    const subject = await identified({ authorization: 'Bearer plain' })
    expect(subject.credential).toBe(known.get('plain')?.credential)
    expect(subject).toMatchObject({ scheme: 'Bearer', uses: [], isCounted: false })
  })

  test('nothing is awaited when the token is cached; a promise gives the same', async () => {
    expect(subjectOf({ authorization: 'Bearer plain' })).not.toBeInstanceOf(Promise)
    isAsync = true
    const later = subjectOf(withProof('dpop'))
    isAsync = false
    expect(later).toBeInstanceOf(Promise)
    expect(await later).toMatchObject({ state: 'identified', binding: { methods: ['dpop'] } })
  })

  test('BR-07 a refusal names the scheme and shows nothing of the credential', async () => {
    const subject = await subjectOf(withProof('dpop', { htm: 'POST' }))
    expect(subject).toEqual({ state: 'refused', failure: 'identity.dpop.method', scheme: 'DPoP' })
  })
})

describe('how a token may be shown', () => {
  test.each<[string, () => Case, string]>([
    ['unbound token as Bearer', () => ({ authorization: 'Bearer plain' }), 'identified'],
    ['unbound, optional', () => ({ authorization: 'Bearer plain-optional' }), 'identified'],
    ['unbound, required', () => ({ authorization: 'Bearer plain-required' }), 'identity.binding.absent'],
    ['unbound with a stray proof', () => ({ authorization: 'Bearer plain', dpop: 'x' }), 'identified'],
    ['DPOP-14 bound token as Bearer', () => ({ authorization: 'Bearer dpop' }), 'identity.dpop.bearer'],
    [
      'DPOP-14 bound token as Bearer, with its proof',
      () => ({ ...withProof('dpop'), authorization: 'Bearer dpop' }),
      'identity.dpop.bearer',
    ],
    [
      'DPOP-14 even where optional',
      () => ({ authorization: 'Bearer dpop-optional' }),
      'identity.dpop.bearer',
    ],
    ['DPOP-14 unbound token as DPoP', () => withProof('plain'), 'identity.dpop.unbound-token'],
    [
      'DPOP-14 certificate-bound token as DPoP',
      () => ({ ...withProof('mtls'), certificate: CERTIFICATE }),
      'identity.dpop.unbound-token',
    ],
    ['bound token without proof', () => ({ authorization: 'DPoP dpop' }), 'identity.dpop.missing'],
    ['when-present', () => withProof('dpop'), 'identified dpop'],
    ['required', () => withProof('dpop-required'), 'identified dpop'],
    ['optional', () => withProof('dpop-optional'), 'identified dpop'],
    ['optional is not lax', () => withProof('dpop-optional', { ath: 'x' }), 'identity.dpop.token-hash'],
    [
      'DPOP-12 proof for another token',
      () => ({ ...withProof('dpop'), authorization: 'DPoP dpop-required' }),
      'identity.dpop.token-hash',
    ],
  ])('%s', async (_, c, expected) => expect(await verdict(c())).toBe(expected))

  test.each<[string, () => Case, string]>([
    [
      'MTLS-01 its certificate',
      () => ({ authorization: 'Bearer mtls', certificate: CERTIFICATE }),
      'identified mtls',
    ],
    [
      'MTLS-02 another',
      () => ({ authorization: 'Bearer mtls', certificate: Buffer.of(1) }),
      'identity.mtls.mismatch',
    ],
    ['MTLS-04 none', () => ({ authorization: 'Bearer mtls' }), 'identity.mtls.missing'],
    ['MTLS-05 both', () => ({ ...withProof('both'), certificate: CERTIFICATE }), 'identified dpop+mtls'],
    ['MTLS-05 only the proof', () => withProof('both'), 'identity.mtls.missing'],
    [
      'MTLS-05 only the certificate',
      () => ({ authorization: 'DPoP both', certificate: CERTIFICATE }),
      'identity.dpop.missing',
    ],
  ])('%s', async (_, c, expected) => expect(await verdict(c())).toBe(expected))

  test.each([
    ['unverified', false, 'identity.mtls.missing'],
    ['unverified', true, 'identified mtls'],
    ['local', false, 'identified mtls'],
    ['verified', false, 'identified mtls'],
  ] as const)('certificates told by a caller that is %s (acknowledged: %s)', async (state, flag, expected) => {
    const c: Case = {
      authorization: 'Bearer mtls',
      certificate: CERTIFICATE,
      check: { caller: { state, sans: [] } },
      config: compileIdentity(config, { unverifiedCaller: flag }),
    }
    expect(await verdict(c)).toBe(expected)
  })

  test('the binding says what was proved', async () => {
    expect((await identified(withProof('dpop-required'))).binding).toEqual({
      state: 'verified',
      methods: ['dpop'],
      isRequired: true,
      isCarried: false,
    })
    expect((await identified({ authorization: 'Bearer plain' })).binding).toEqual({
      state: 'absent',
      methods: [],
      isRequired: false,
      isCarried: false,
    })
  })
})

describe('nonces', () => {
  test.each([
    ['without', undefined, 'identity.dpop.nonce-required'],
    ['with a bad one', 'nonce', 'identity.dpop.nonce-invalid'],
  ])('DPOP-10 a proof %s brings a fresh one that works', async (_, nonce, failure) => {
    const subject = await subjectOf(withProof('dpop-nonce', { nonce }))
    if (subject.state !== 'refused') throw new Error('not refused')
    expect(subject.failure).toBe(failure)
    expect(await verdict(withProof('dpop-nonce', { nonce: subject.nextNonce }))).toBe('identified dpop')
  })

  test('other refusals bring none', async () => {
    expect(await subjectOf(withProof('dpop-nonce', { htm: 'POST' }))).not.toHaveProperty('nextNonce')
    expect(await subjectOf({ authorization: 'DPoP bad', dpop: 'x' })).not.toHaveProperty('nextNonce')
  })

  test.each([
    ['dpop-nonce', 150_000, false],
    ['dpop-nonce', 150_001, true],
    ['dpop', 200_000, false],
  ])('DPOP-17 the next nonce rides on a success: %s, aged %d ms: %s', async (token, ageMs, isSent) => {
    const nonce = nonces.issue(signer.jkt, AT_MS - ageMs)
    const { nextNonce } = await identified(withProof(token, { nonce }))
    expect(nextNonce !== undefined).toBe(isSent)
    if (nextNonce !== undefined) expect(nonces.age(nextNonce, signer.jkt, AT_MS)).toBe(0)
  })

  test('a good proof can be asked to come again with a nonce', async () => {
    const nonce = freshNonce(await subjectOf(withProof('dpop')), makeCheck(), config) ?? ''
    expect(nonces.age(nonce, signer.jkt, AT_MS)).toBe(0)
    expect(
      freshNonce(await subjectOf({ authorization: 'Bearer plain' }), makeCheck(), config),
    ).toBeUndefined()
    expect(freshNonce({ state: 'anonymous' }, makeCheck(), config)).toBeUndefined()
  })
})

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
        name: expect.stringContaining('orders'),
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
    expect(equip(subject, DENY, check, edge, config).hop).toBeUndefined()
    expect(issueHop(subject, check, makeEntrypoint({ issuesHop: false }), config)).toBeUndefined()
    expect(issueHop(subject, check, { ...inside, issuesHop: true }, config)).toBeUndefined()
    expect(issueHop({ state: 'anonymous' }, check, edge, config)).toBeUndefined()
    expect(issueHop({ state: 'refused', failure: 'identity.dpop.time' }, check, edge, config)).toBeUndefined()
  })
})
