import { beforeAll, describe, expect, test } from '@jest/globals'
import { makeSigner, type ProofSigner } from '../../harness/proofs.ts'
import { keys, makeKey } from '../../harness/tokens.ts'
import { mintBook } from '../book.ts'
import { KINDS } from '../kinds.ts'
import { answerOf } from './connection.ts'
import { Mix, type Ready } from './mix.ts'

let signers: ProofSigner[]
let mix: Mix

beforeAll(async () => {
  signers = [await makeSigner('ES256'), await makeSigner('ES256')]
})

const newMix = (retired?: typeof keys.es256) => new Mix(mintBook(signers, keys.es256, retired), signers)
const kindOf = ({ kind }: Ready) => KINDS[kind]?.name ?? ''
/** One of this kind, of the next few hundred requests. */
function next(name: string): Ready {
  for (let i = 0; i < 400; i++) {
    const ready = mix.next()
    if (kindOf(ready) === name) return ready
  }
  throw new Error(`no ${name}`)
}
const serialOf = ({ text }: Ready) => /x-chaos: \S+ (\d+)/.exec(text)?.[1]
const proofOf = ({ text }: Ready) => /dpop: (\S+)/.exec(text)?.[1]
const claimsOf = (ready: Ready) =>
  JSON.parse(Buffer.from(proofOf(ready)?.split('.')[1] ?? '', 'base64url').toString())

describe('the mix of the load', () => {
  test('each kind as often as its weight says, and none without tokens', () => {
    const counts = new Map<string, number>()
    mix = newMix()
    const sum = KINDS.reduce((all, { weight, tokens }) => all + (tokens === 'retired' ? 0 : weight), 0)
    for (let i = 0; i < sum; i++) {
      const name = kindOf(mix.next())
      counts.set(name, (counts.get(name) ?? 0) + 1)
    }
    for (const { name, weight, tokens } of KINDS)
      expect([name, counts.get(name) ?? 0]).toEqual([name, tokens === 'retired' ? 0 : weight])
  })

  test('tokens of a key that was taken back are shown where there are some', () => {
    mix = newMix(makeKey('ES256', 'before'))
    expect(next('retired-key').text).toContain('authorization: Bearer ')
  })

  test('a proof that has passed is shown again as it was, under its own number', () => {
    mix = newMix()
    const first = next('dpop-high')
    first.onResponse({ answer: 'passed', nonce: undefined })
    const replay = next('replay')
    expect(proofOf(replay)).toBe(proofOf(first))
    expect(serialOf(replay)).toBe(serialOf(first))
    expect(replay.text).toMatch(/^POST .*\r\n/)
  })

  test('a proof that was refused is not shown again: then nothing is shown', () => {
    mix = newMix()
    for (const answer of ['refused', 'nonce', 'unavailable', 'envoy', 'broken'] as const)
      next('dpop-low').onResponse({ answer, nonce: undefined })
    next('proof-of-another').onResponse({ answer: 'passed', nonce: undefined })
    expect(next('replay').text).not.toContain('authorization')
  })

  test('no two proofs have one id, whatever the book', () => {
    mix = newMix()
    const before = claimsOf(next('dpop-low')).jti
    mix = newMix()
    expect(claimsOf(next('dpop-low')).jti).not.toBe(before)
  })

  test('a client shows the newest nonce that it was given', () => {
    mix = newMix()
    // Each of the two clients must have been told.
    for (let i = 0; i < 40; i++) next('dpop-low').onResponse({ answer: 'nonce', nonce: 'n1' })
    expect(claimsOf(next('dpop-low')).nonce).toBe('n1')
    expect(claimsOf(next('dpop-high')).nonce).toBe('n1')
  })
})

describe('what an answer is', () => {
  const head = (status: number, ...headers: string[]) =>
    `HTTP/1.1 ${[`${status} X`, ...headers].join('\r\n')}\r\n`
  const problem = 'content-type: application/problem+json'
  test.each([
    [head(200, 'content-length: 0'), 'passed'],
    [head(200, 'x-degraded: store'), 'degraded'],
    [head(401, problem, 'www-authenticate: DPoP error="invalid_token"'), 'refused'],
    [head(401, problem, 'www-authenticate: DPoP error="use_dpop_nonce"'), 'nonce'],
    [head(403, problem), 'refused'],
    [head(429, problem), 'throttled'],
    [head(503, problem, 'retry-after: 1'), 'unavailable'],
    [head(503, 'content-type: text/plain'), 'envoy'],
    [head(503), 'envoy'],
    [head(500, problem), 'envoy'],
    [head(431), 'envoy'],
  ])('%j: %s', (text, answer) => {
    expect(answerOf(text)).toBe(answer)
  })
})
