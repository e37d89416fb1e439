import { expect, test } from '@jest/globals'
import { algorithmNamed, algorithmsOf } from '../../src/tokens/algorithms.ts'

test.each([
  ['EC', 'P-256', ['ES256']],
  ['EC', 'P-384', ['ES384']],
  ['EC', 'P-521', ['ES512']],
  ['EC', 'secp256k1', []],
  ['EC', undefined, []],
  ['oct', 'P-256', []],
  ['OKP', 'P-256', []],
  ['OKP', 'Ed25519', ['Ed25519']],
  ['OKP', 'Ed448', []],
  [undefined, 'P-256', []],
])('JWT-04 a key of type %s and curve %s is good for %j', (kty, crv, algorithms) => {
  expect(algorithmsOf(kty, crv)).toEqual(algorithms)
})

test('JWT-04 an RSA key is good for RSA and nothing else, whatever its curve says', () => {
  for (const crv of [undefined, 'P-256'])
    expect([...algorithmsOf('RSA', crv)].sort()).toEqual([
      'PS256',
      'PS384',
      'PS512',
      'RS256',
      'RS384',
      'RS512',
    ])
})

test.each([
  ['ES256', 'ES256'],
  ['EdDSA', 'Ed25519'],
  ['none', undefined],
  ['HS256', undefined],
  ['es256', undefined],
  ['', undefined],
  [5, undefined],
  [['ES256'], undefined],
  [undefined, undefined],
])('JWT-03 %j names %s', (name, algorithm) => expect(algorithmNamed(name)).toBe(algorithm))
