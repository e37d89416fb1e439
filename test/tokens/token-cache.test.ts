import { expect, test } from '@jest/globals'
import { CachedToken, TokenCache } from '../../src/tokens/token-cache.ts'
import { makeToken } from '../harness/requests.ts'

const { credential, binding } = makeToken('header.claims.signature', {})
const entryOf = (tenant = '') =>
  new CachedToken({ credential: { ...credential, tenant }, issuer: { binding }, key: {} } as never)
const AT_MS = credential.expiresAt * 1000 - 1
const LENGTH = 'header.claims.signature'.length

test.each([
  [{ maxTokens: 10, maxBytes: 1_000_000 }, true],
  [{ maxTokens: 0, maxBytes: 1_000_000 }, false],
  // Of LRUCache's own options 0 would be no limit.
  [{ maxTokens: 10, maxBytes: 0 }, false],
])('with %j it keeps a token: %p', (settings, isKept) => {
  const cache = new TokenCache(settings as never)
  cache.set('hash', entryOf(), LENGTH, AT_MS)
  expect(cache.get('hash', AT_MS) !== undefined).toBe(isKept)
})

test('nothing is given that has expired, or was taken out', () => {
  const cache = new TokenCache({ maxTokens: 10, maxBytes: 1_000_000 } as never)
  cache.set('hash', entryOf(), LENGTH, AT_MS)
  expect(cache.get('hash', AT_MS + 1)).toBeUndefined()
  cache.set('hash', entryOf(), LENGTH, AT_MS)
  cache.delete('hash')
  expect(cache.get('hash', AT_MS)).toBeUndefined()
  cache.set('late', entryOf(), LENGTH, AT_MS + 1)
  expect(cache.get('late', AT_MS)).toBeUndefined()
})

test('an entrypoint without a tenant, or a token with its own, changes nothing', () => {
  const [plain, own] = [entryOf(), entryOf('of-token')]
  expect(plain.for('')).toBe(plain.for(undefined))
  expect(own.for('of-entrypoint').value.credential.tenant).toBe('of-token')
  expect(plain.for('of-entrypoint').value.credential.tenant).toBe('of-entrypoint')
})
