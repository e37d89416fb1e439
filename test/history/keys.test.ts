import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { createHistoryKeys } from '../../src/history/keys.ts'
import type { Credential } from '../../src/model.ts'
import { makeToken } from '../harness/requests.ts'

const SECRET = Buffer.alloc(32, 7)
const { credential } = makeToken('header.claims.signature', {})

/** Few values, so that two identities often share some; among them what only a careless join would take for the same. */
const text = fc.constantFrom('', 'a', 'b', '-', '1:a', '"', '\ud800', '\ud801')
const some = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined })
const identity: fc.Arbitrary<Credential> = fc
  .record({
    tenant: text,
    issuer: text,
    kind: fc.constantFrom('user', 'workload'),
    subject: text,
    client: some(text),
    actor: some(fc.record({ issuer: some(text), subject: text })),
    session: fc.record({ id: text, isDerived: fc.boolean() }),
  })
  .map((named) => ({ ...credential, ...named }) as Credential)

test('property: what was named before does not change any name', () => {
  fc.assert(
    fc.property(fc.array(identity, { minLength: 1, maxLength: 6 }), (identities) => {
      const keys = createHistoryKeys(SECRET)
      for (const each of identities) {
        const alone = createHistoryKeys(SECRET)
        expect(keys.of(each)).toEqual(alone.of(each))
        expect(keys.value(each, 'device', 'd')).toBe(alone.value(each, 'device', 'd'))
      }
    }),
    { numRuns: 300 },
  )
})

test('the next token of an identity finds the names of the one before', () => {
  const keys = createHistoryKeys(SECRET)
  const next = { ...credential, tokenHash: 'another', expiresAt: credential.expiresAt + 300 }
  expect(keys.of(next)).toBe(keys.of(credential))
})

const session = { id: 'another', isDerived: false }
test.each<[string, Partial<Credential>]>([
  ['tenant', { tenant: 'another' }],
  ['issuer', { issuer: 'another' }],
  ['kind', { kind: 'workload' }],
  ['subject', { subject: 'another' }],
  ['client', { client: 'another' }],
  ['actor', { actor: { subject: 'another' } }],
  ["actor's issuer", { actor: { subject: 'another', issuer: 'another' } }],
  ['session', { session }],
])('an identity of another %s finds them not', (_, change) => {
  const keys = createHistoryKeys(SECRET)
  const own = keys.of(credential)
  const withActor = keys.of({ ...credential, actor: { subject: 'another' } as never })
  const found = keys.of({ ...credential, ...change } as Credential)
  expect(found).toEqual(createHistoryKeys(SECRET).of({ ...credential, ...change } as Credential))
  expect(found).not.toEqual(own)
  expect(found === withActor).toBe('actor' in change && change.actor?.issuer === undefined)
})
