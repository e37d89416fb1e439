import { expect, test } from '@jest/globals'
import { isUsuallyShown } from '../../src/lib/usual.ts'

test.each([
  [19, 19, false],
  [20, 20, true],
  [19, 20, true],
  [18, 20, false],
  [95, 100, true],
  [94, 100, false],
  [0, 0, false],
  [Number.NaN, 100, false],
  [100, Number.NaN, false],
])('shown in %d of %d: usual %s', (shown, seen, expected) => {
  expect(isUsuallyShown(shown, seen)).toBe(expected)
})
