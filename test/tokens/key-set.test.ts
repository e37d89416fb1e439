import { describe, expect, test } from '@jest/globals'
import type { Algorithm } from '../../src/lib/algorithms.ts'
import { buildKeySet, findKey } from '../../src/tokens/key-set.ts'
import { makeKey } from '../harness/tokens.ts'

const ALLOWED = new Set<Algorithm>(['ES256', 'RS256', 'PS256'])
const setOf = (...jwks: object[]) => buildKeySet(jwks, ALLOWED)
const es256 = (kid?: string) => makeKey('ES256', 'k', { kid }).jwk

test('a good set has nothing to tell', () => {
  expect(setOf(es256('a')).unused).toEqual([])
})

describe('JWT-07 the one key that a header points at', () => {
  test.each<[string, object[], string | undefined, Algorithm, string, string | undefined]>([
    ['two of one name', [es256('a'), es256('a')], 'a', 'ES256', 'unknown-key', 'more than one key fits'],
    ['two without one', [es256(), es256()], undefined, 'ES256', 'unknown-key', 'more than one key fits'],
    ['none of the name', [es256('a')], 'b', 'ES256', 'unknown-key', undefined],
    ['none at all', [], undefined, 'ES256', 'unknown-key', 'kid is missing, and no key fits'],
    ['none, nor a name', [es256('a')], undefined, 'RS256', 'unknown-key', 'kid is missing, and no key fits'],
    ['another algorithm', [es256('a')], 'a', 'RS256', 'algorithm', 'the key is for another algorithm'],
  ])('%s', (_, jwks, kid, algorithm, failure, detail) => {
    expect(findKey(setOf(...jwks).keys, kid, algorithm)).toMatchObject({
      ok: false,
      failure: `identity.token.${failure}`,
      ...(detail !== undefined && { detail }),
    })
  })
})
