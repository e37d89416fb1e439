/** The instance key is rotated as docs/upgrade.md says, while pods of two steps run side by side. */
import { randomBytes } from 'node:crypto'
import { describe, expect, test } from '@jest/globals'
import { createHopSigner } from '../../src/tokens/hop.ts'
import { deriveInstanceKeys, type InstanceSecrets } from '../../src/tokens/instance-keys.ts'
import { createNonces } from '../../src/tokens/nonce.ts'
import { NOW_MS } from '../harness/tokens.ts'

const [root, older, newer] = [randomBytes(32), randomBytes(32), randomBytes(32)]

/** The file in each step, oldest first. */
const STEPS: readonly (readonly [string, InstanceSecrets])[] = [
  ['as it was', { root, current: older }],
  ['the new one is known', { root, current: older, previous: newer }],
  ['the new one signs', { root, current: newer, previous: older }],
  ['the old one is forgotten', { root, current: newer }],
]
const EXPECTED = { tokenHash: 'hash', method: 'GET', authority: 'api.example.com' }

/** Whether a pod of one step takes what a pod of the other has signed. */
function takes(reader: InstanceSecrets, writer: InstanceSecrets): boolean[] {
  const [own, other] = [deriveInstanceKeys(reader), deriveInstanceKeys(writer)]
  const nonce = createNonces(other.nonce, randomBytes).issue('key', NOW_MS)
  const hop = createHopSigner(other.hop).sign({
    ...EXPECTED,
    binding: 'dpop',
    decisionId: 'id',
    atMs: NOW_MS,
  })
  return [
    createNonces(own.nonce, randomBytes).age(nonce, 'key', NOW_MS) !== undefined,
    createHopSigner(own.hop).verify(hop, EXPECTED, NOW_MS) !== undefined,
  ]
}

describe('nonces and hops are taken by the pods of the step before and of the step after', () => {
  test.each(
    STEPS.slice(1).map((step, i) => [step[0], STEPS[i]?.[1], step[1]] as const),
  )('%s', (_, before, after) => {
    if (before === undefined) throw new Error('no step before')
    expect(takes(before, after)).toEqual([true, true])
    expect(takes(after, before)).toEqual([true, true])
  })

  test('but not over two steps in one', () => {
    const [was, , signs] = STEPS.map(([, secrets]) => secrets)
    if (was === undefined || signs === undefined) throw new Error('no such step')
    expect(takes(was, signs)).toEqual([false, false])
  })
})

test('state, pseudonyms and the last good configuration are found with the same root in every step', () => {
  const [first, ...others] = STEPS.map(([, secrets]) => deriveInstanceKeys(secrets))
  for (const { store, pseudonym, lastGood } of others)
    expect([store, pseudonym, lastGood]).toEqual([first?.store, first?.pseudonym, first?.lastGood])
})
