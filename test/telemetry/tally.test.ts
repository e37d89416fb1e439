import { expect, test } from '@jest/globals'
import { Tally } from '../../src/telemetry/tally.ts'

function told(tally: Tally): [number, object][] {
  const observed: [number, object][] = []
  tally.tell({ observe: (value, attributes = {}) => observed.push([value, attributes]) })
  return observed
}

test('sums by labels, whatever their order, and tells the sums every time', () => {
  const tally = new Tally(['effect', 'action'])
  tally.add(1, { effect: 'allow', action: 'read' })
  tally.add(2, { action: 'read', effect: 'allow' })
  tally.add(1, { effect: 'deny', action: 'read' })
  const sums = [
    [3, { effect: 'allow', action: 'read' }],
    [1, { effect: 'deny', action: 'read' }],
  ]
  expect(told(tally)).toEqual(sums)
  expect(told(tally)).toEqual(sums)
})

test('values that are the same text when joined are told apart', () => {
  const tally = new Tally(['a', 'b'])
  tally.add(1, { a: 'x', b: 'yz' })
  tally.add(1, { a: 'xy', b: 'z' })
  expect(told(tally)).toHaveLength(2)
})

test('without labels there is one sum, and without additions none', () => {
  const tally = new Tally([])
  expect(told(tally)).toEqual([])
  tally.add(1)
  tally.add(4)
  expect(told(tally)).toEqual([[5, {}]])
})
