import { randomBytes } from 'node:crypto'
import { describe, expect, test } from '@jest/globals'
import { open, openHead, seal } from '../../src/config/seal.ts'

const KEY = Buffer.alloc(32, 1)
const OTHER = Buffer.alloc(32, 2)
const HEAD = { sinceMs: 1_790_000_000_000, hash: '0123456789abcdef' }
const VALUE = { policy: [{ name: 'only-alice', when: 'subject.id == "alice@example.com"', effect: 'deny' }] }
const sealed = () => seal(VALUE, HEAD, 'place', KEY, randomBytes)

test('opens what it sealed, with its head', async () => {
  const text = await sealed()
  expect(await open(text, 'place', KEY)).toEqual({ head: HEAD, value: VALUE })
  expect(openHead(text, 'place', KEY)).toEqual(HEAD)
})

test('nothing of the content can be read, and two of the same are not alike', async () => {
  const [one, two] = [await sealed(), await sealed()]
  expect(one).toMatch(/^1\.1790000000000\.0123456789abcdef\.[A-Za-z0-9_-]+$/)
  expect(Buffer.from(one.split('.')[3] ?? '', 'base64url').toString('latin1')).not.toContain('alice')
  expect(one).not.toBe(two)
})

describe('refuses', () => {
  test.each<[string, (text: string) => string]>([
    ['nothing', () => ''],
    ['other text', () => '{"policy":[]}'],
    ['another version', (text) => `2${text.slice(1)}`],
    ['another age', (text) => text.replace('1790000000000', '1790000000001')],
    ['another hash', (text) => text.replace('0123456789abcdef', 'fedcba9876543210')],
    ['a part of it', (text) => text.slice(0, -8)],
    ['more than it', (text) => `${text}AAAA`],
    ['only a tag', (text) => `${text.split('.').slice(0, 3).join('.')}.${'A'.repeat(32)}`],
  ])('%s', async (_what, change) => {
    const text = change(await sealed())
    expect(await open(text, 'place', KEY)).toBeUndefined()
    expect(openHead(text, 'place', KEY)).toBeUndefined()
  })

  test('a change of any one bit', async () => {
    const text = await sealed()
    const start = text.lastIndexOf('.') + 1
    const bytes = Buffer.from(text.slice(start), 'base64url')
    for (let i = 0; i < bytes.length * 8; i += 7) {
      const changed = Buffer.from(bytes)
      changed[i >> 3] = (changed[i >> 3] ?? 0) ^ (1 << (i & 7))
      expect(openHead(text.slice(0, start) + changed.toString('base64url'), 'place', KEY)).toBeUndefined()
    }
  })

  test('another key, and another place', async () => {
    const text = await sealed()
    expect(await open(text, 'place', OTHER)).toBeUndefined()
    expect(await open(text, 'elsewhere', KEY)).toBeUndefined()
  })
})

test('what would unpack to more than a configuration can be is not unpacked to its end', async () => {
  const bomb = await seal('x'.repeat(17 * 1024 * 1024), HEAD, 'place', KEY, randomBytes)
  expect(bomb.length).toBeLessThan(100_000)
  await expect(open(bomb, 'place', KEY)).rejects.toThrow()
})
