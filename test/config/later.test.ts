import { describe, expect, test } from '@jest/globals'
import { isLaterKey, laterKeys } from '../../src/config/later.ts'
import { settings } from '../../src/config/schema/settings.ts'
import { staticSettings } from '../../src/config/schema/static.ts'
import { keysAt } from '../../src/config/schema-walk.ts'
import { validate } from '../../src/config/validate.ts'

const BASE = {
  entrypoints: [{ name: 'gateway' }],
  identity: { issuers: [{ issuer: 'https://idp.example.com', audiences: ['a'], jwks: { discovery: true } }] },
  actions: [{ name: 'read', match: { paths: ['/'] } }],
  policy: [{ name: 'all', when: true, effect: 'allow' }],
}

type Path = (string | number)[]
const pathOf = (pattern: string): Path => pattern.split('.').map((part) => (part === '*' ? 0 : part))

/** The base with one more key; what does not exist on the way is made. */
function withKey(base: object, [first = '', ...rest]: Path, value: unknown): object {
  const copy = (Array.isArray(base) ? [...base] : { ...base }) as Record<string | number, unknown>
  copy[first] = rest.length === 0 ? value : withKey((copy[first] ?? {}) as object, rest, value)
  return copy
}

const messages = (schema: typeof settings | typeof staticSettings, value: unknown) => {
  const result = validate(schema, value)
  return result.ok ? [] : result.problems.map(({ message }) => message)
}
const isStatic = (pattern: string) => /^(admin|receiver|telemetry)\b/.test(pattern)

describe('a key of a later version is refused as such, never ignored', () => {
  test.each(laterKeys())('%s', (pattern) => {
    const path = pathOf(pattern)
    const schema = isStatic(pattern) ? staticSettings : settings
    const shown = pattern.replaceAll('.*', '[0]')
    expect(messages(schema, withKey(isStatic(pattern) ? {} : BASE, path, {}))).toEqual([
      `${shown} is not in this version; it comes with a later one`,
    ])
    // Once it is built, it must leave the table: the table would never be asked.
    expect(keysAt(schema, path.slice(0, -1))).not.toContain(path.at(-1))
  })

  test.each([['policy.*.effect', 'narrow']])('%s: %s', (pattern, word) => {
    expect(messages(settings, withKey(BASE, pathOf(pattern), word))).toEqual([
      expect.stringContaining(`"${word}" is not in this version; it comes with a later one`),
    ])
  })

  test('the base itself is good, and no other key is one of them', () => {
    expect(messages(settings, BASE)).toEqual([])
    expect(isLaterKey(['identity', 'issuers', 0, 'jwks'])).toBe(false)
    expect(messages(settings, { ...BASE, lockz: [] })).toEqual([expect.stringContaining('unknown key lockz')])
  })
})
