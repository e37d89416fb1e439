import { Buffer } from 'node:buffer'
import { hkdfSync } from 'node:crypto'
import { describe, expect, test } from '@jest/globals'
import { deriveInstanceKeys } from '../../src/tokens/instance-keys.ts'

const root = Buffer.alloc(32, 1)
const current = Buffer.alloc(32, 2)
const previous = Buffer.alloc(32, 3)

describe('instance keys', () => {
  test('are stable, and no two are equal', () => {
    const keys = deriveInstanceKeys({ root, current, previous })
    const all = [keys.store, keys.pseudonym, keys.lastGood, ...keys.nonce, ...keys.hop].map((key) =>
      key.toString('hex'),
    )
    expect(new Set(all).size).toBe(7)
    expect(all.every((hex) => hex.length === 64)).toBe(true)
    expect(deriveInstanceKeys({ root, current, previous })).toEqual(keys)
  })

  test('one secret in all three places still gives distinct keys', () => {
    const keys = deriveInstanceKeys({ root, current: root })
    expect(
      new Set(
        [keys.store, keys.pseudonym, keys.lastGood, ...keys.nonce, ...keys.hop].map((key) =>
          key.toString('hex'),
        ),
      ).size,
    ).toBe(5)
  })

  test('stay what they are from version to version: replicas of two share state, and an upgrade forgets none', () => {
    const of = (secret: Buffer, info: string) =>
      Buffer.from(hkdfSync('sha256', secret, Buffer.alloc(0), info, 32))
    expect(deriveInstanceKeys({ root, current, previous })).toEqual({
      store: of(root, 'vigil store v1'),
      pseudonym: of(root, 'vigil pseudonym v1'),
      lastGood: of(root, 'vigil last-good v1'),
      nonce: [of(current, 'vigil dpop-nonce v1'), of(previous, 'vigil dpop-nonce v1')],
      hop: [of(current, 'vigil hop v1'), of(previous, 'vigil hop v1')],
    })
  })

  test('rotation moves current to previous and leaves the keys of the root alone', () => {
    const before = deriveInstanceKeys({ root, current: previous })
    const after = deriveInstanceKeys({ root, current, previous })
    expect(after.store).toEqual(before.store)
    expect(after.lastGood).toEqual(before.lastGood)
    expect(after.pseudonym).toEqual(before.pseudonym)
    expect(after.nonce[1]).toEqual(before.nonce[0])
    expect(after.hop[1]).toEqual(before.hop[0])
    expect(before.nonce).toHaveLength(1)
  })

  test.each([
    ['root', { root: Buffer.alloc(31), current }],
    ['current', { root, current: Buffer.alloc(0) }],
    ['current', { root, current: Buffer.alloc(0), previous }],
    ['previous', { root, current, previous: Buffer.alloc(33) }],
  ])('a %s of another length is refused, without showing it', (name, secrets) => {
    expect(() => deriveInstanceKeys(secrets)).toThrow(`the instance secret "${name}" must be 32 bytes long`)
  })
})
