import { expect, test } from '@jest/globals'
import { createProgress } from '../../../src/cli/report/progress.ts'

function shown(
  size: number | undefined,
  steps: readonly (readonly [ms: number, read: number, records: number])[],
) {
  let nowMs = 0
  const told: string[] = []
  const progress = createProgress((text) => told.push(text.replace('\r\u001b[K', '')), {
    monotonicMs: () => nowMs,
  })
  for (const [ms, read, records] of steps) {
    nowMs = ms
    progress.show({ readCount: () => read, size }, records)
  }
  progress.end()
  return told
}

test('how much, how many, and how long it still takes at the pace so far', () => {
  expect(shown(400, [[1000, 100, 250]])).toEqual([
    '[######..................] 25 %, 250 records, 3 s left',
    '',
  ])
})

test('a terminal is written to ten times a second at most', () => {
  const steps = [0, 40, 99, 100, 150, 210].map((ms) => [ms, ms, ms] as const)
  expect(shown(1000, steps).map((line) => /, (\d+) record/.exec(line)?.[1])).toEqual([
    '0',
    '100',
    '210',
    undefined,
  ])
})

test('of a pipe nobody knows the end; a file that grows meanwhile is never more than whole', () => {
  expect(shown(undefined, [[0, 5e6, 1234]])[0]).toBe('1,234 records, 5 MB')
  expect(shown(100, [[1000, 150, 9]])[0]).toBe('[########################] 100 %, 9 records, 0 s left')
})

test('nothing shown, nothing to take away', () => {
  expect(shown(100, [])).toEqual([])
})
