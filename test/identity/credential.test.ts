import { describe, expect, test } from '@jest/globals'
import { readCredential } from '../../src/identity/credential.ts'
import { makeCheck } from '../harness/requests.ts'

const read = (headers: Record<string, string | string[]>, hasQueryToken = false) =>
  readCredential(makeCheck({ headers, hasQueryToken }), undefined)

describe('the one credential of a check', () => {
  test('BR-01 none', () => expect(read({})).toEqual({ kind: 'none' }))

  test.each([
    ['Bearer a.b.c', 'Bearer', 'a.b.c'],
    ['bearer a', 'Bearer', 'a'],
    ['BEARER   a==', 'Bearer', 'a=='],
    ['DPoP a~b+c/d', 'DPoP', 'a~b+c/d'],
    ['dpop a', 'DPoP', 'a'],
  ])('DPOP-18 %s', (authorization, scheme, token) => {
    expect(read({ authorization })).toEqual({ kind: 'token', presented: { scheme, token } })
  })

  test('a proof comes along', () => {
    expect(read({ authorization: 'DPoP a', dpop: 'p' })).toEqual({
      kind: 'token',
      presented: { scheme: 'DPoP', token: 'a', proof: 'p' },
    })
  })

  test.each<[string, Record<string, string | string[]>, string]>([
    ['BR-02 two fields', { authorization: ['Bearer a', 'Bearer a'] }, 'identity.credential.multiple'],
    ['BR-02 two fields, joined', { authorization: 'Bearer a,Bearer b' }, 'identity.credential.multiple'],
    ['BR-02 joined with a space', { authorization: 'Bearer a, Bearer b' }, 'identity.credential.multiple'],
    ['DPOP-15 both schemes', { authorization: ['Bearer a', 'DPoP a'] }, 'identity.credential.multiple'],
    ['DPOP-15 both schemes, joined', { authorization: 'Bearer a,DPoP a' }, 'identity.credential.multiple'],
    [
      'DPOP-15 the other way',
      { authorization: 'DPoP a,Bearer a', dpop: 'p' },
      'identity.credential.multiple',
    ],
    ['BR-02 Basic, then Bearer', { authorization: 'Basic eA==,Bearer a' }, 'identity.credential.multiple'],
    ['BR-02 Bearer, then Basic', { authorization: 'Bearer a,Basic eA==' }, 'identity.credential.multiple'],
    ['DPOP-18 no token', { authorization: 'Bearer' }, 'identity.credential.malformed'],
    ['DPOP-18 only spaces', { authorization: 'Bearer  ' }, 'identity.credential.malformed'],
    ['DPOP-18 two tokens', { authorization: 'Bearer a b' }, 'identity.credential.malformed'],
    ['DPOP-18 not token68', { authorization: 'DPoP a%b' }, 'identity.credential.malformed'],
    ['DPOP-18 padding inside', { authorization: 'DPoP a=b' }, 'identity.credential.malformed'],
    ['DPOP-18 tab', { authorization: 'Bearer\ta' }, 'identity.credential.malformed'],
    ['DPOP-18 space before', { authorization: ' Bearer a' }, 'identity.credential.malformed'],
    ['BR-02 empty', { authorization: '' }, 'identity.credential.malformed'],
    ['BR-01 another scheme', { authorization: 'Basic eA==' }, 'identity.credential.unsupported'],
    ['BR-01 parameters', { authorization: 'Digest u="a", r="b"' }, 'identity.credential.unsupported'],
    ['DPOP-01 two proofs', { authorization: 'DPoP a', dpop: ['p', 'p'] }, 'identity.dpop.multiple'],
    ['DPOP-01 two proofs, joined', { authorization: 'DPoP a', dpop: 'p,p' }, 'identity.dpop.multiple'],
    ['DPOP-01 without a token', { dpop: ['p', 'q'] }, 'identity.dpop.multiple'],
  ])('%s', (_, headers, failure) => {
    expect(read(headers)).toMatchObject({ kind: 'refused', failure })
  })

  test('BR-05 a token in the query, with and without a header', () => {
    const failure = 'identity.credential.in-query'
    expect(read({}, true)).toEqual({ kind: 'refused', failure })
    expect(read({ authorization: 'Bearer a' }, true)).toEqual({ kind: 'refused', failure, scheme: 'Bearer' })
  })

  test('BR-07 a refusal names the scheme that was used', () => {
    expect(read({ authorization: 'DPoP' })).toMatchObject({ scheme: 'DPoP' })
    expect(read({ authorization: 'bearer a b' })).toMatchObject({ scheme: 'Bearer' })
  })

  test('a proof without a token is no credential', () =>
    expect(read({ dpop: 'p' })).toEqual({ kind: 'none' }))
})

test.each<[string, Record<string, string | string[]>, string | undefined]>([
  ['repeated', { authorization: ['Bearer a', 'Bearer b', 'Basic c'] }, 'authorization came 3 times'],
  ['joined', { authorization: 'Bearer a,Bearer b' }, 'authorization holds a comma'],
  [
    'joined behind another scheme, with spaces',
    { authorization: 'Basic eA==,  DPoP\tb' },
    'authorization holds a comma',
  ],
  ['malformed', { authorization: 'Bearer' }, 'authorization is not one scheme and one token'],
  ['a bare token, which is not told', { authorization: 'c2VjcmV0' }, undefined],
  ['repeated proofs', { authorization: 'DPoP a', dpop: ['p', 'q'] }, 'dpop came 2 times'],
  ['joined proofs', { authorization: 'DPoP a', dpop: 'p,q' }, 'dpop holds a comma'],
])('the record is told which header was at fault: %s', (_, headers, detail) => {
  const reading = read(headers)
  expect(reading.kind === 'refused' ? reading.detail : 'read').toBe(detail)
})
