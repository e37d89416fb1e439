import { Buffer } from 'node:buffer'
import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { createHopSigner } from '../../src/tokens/hop.ts'

const key = (fill: number) => Buffer.alloc(32, fill)
const hops = createHopSigner([key(1)])
const AT = 1_800_000_000_000
const expected = { tokenHash: 'hash', method: 'GET', authority: 'api.example.com' }
const claims = { ...expected, binding: 'dpop', decisionId: '5f0c3b1e-0000-4000-8000-000000000001', atMs: AT }

describe('x-vigil-hop', () => {
  test('comes back with what the edge said', () => {
    expect(hops.verify(hops.sign(claims), expected, AT)).toEqual(claims)
  })

  test.each([
    ['10 s old', 10_000, true],
    ['older', 10_001, false],
    ['from a clock 1 s ahead', -1_000, true],
    ['from further ahead', -1_001, false],
  ])('%s', (_, later, isValid) => {
    expect(hops.verify(hops.sign(claims), expected, AT + later) !== undefined).toBe(isValid)
  })

  test.each([
    ['another token', { tokenHash: 'other' }],
    ['another method', { method: 'POST' }],
    ['another authority', { authority: 'admin.example.com' }],
    ['a field moved into its neighbour', { tokenHash: 'hashG', method: 'ET' }],
  ])('fits no other request: %s', (_, change) => {
    expect(hops.verify(hops.sign(claims), { ...expected, ...change }, AT)).toBeUndefined()
  })

  test('binding, decision id and time cannot be rewritten', () => {
    const hop = hops.sign(claims)
    expect(hops.verify(hop.replace('dpop', 'mtls'), expected, AT)).toBeUndefined()
    expect(hops.verify(hop.replace('5f0c', '6f0c'), expected, AT)).toBeUndefined()
    expect(hops.verify(hop.replace(`${AT}`, `${AT + 1}`), expected, AT)).toBeUndefined()
  })

  test('rotation: current and previous verify, others do not', () => {
    const hop = hops.sign(claims)
    expect(createHopSigner([key(2), key(1)]).verify(hop, expected, AT)).toEqual(claims)
    expect(createHopSigner([key(3), key(2)]).verify(hop, expected, AT)).toBeUndefined()
  })

  test('no changed character is accepted, so one hop has one spelling', () => {
    const hop = hops.sign(claims)
    fc.assert(
      fc.property(fc.nat(hop.length - 1), fc.string({ minLength: 1, maxLength: 1 }), (at, char) => {
        fc.pre(hop[at] !== char)
        expect(hops.verify(hop.slice(0, at) + char + hop.slice(at + 1), expected, AT)).toBeUndefined()
      }),
      { numRuns: 300 },
    )
  })

  test.each(['', 'v1', 'v1....', `${'x'.repeat(5000)}`])('nonsense is no hop: %#', (text) => {
    expect(hops.verify(text, expected, AT)).toBeUndefined()
  })
})
