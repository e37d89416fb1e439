import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { ROOT } from '../../../scripts/root.ts'
import { createCollector, MOST_BROKEN, MOST_CELLS } from '../../../src/cli/report/collect.ts'
import { MOST_ACTIONS, MOST_DECIDERS } from '../../../src/cli/report/decisions.ts'
import { MOST_IDENTITIES } from '../../../src/cli/report/identities.ts'
import { summaryOf } from '../../../src/cli/report/summary.ts'
import { MOST_BUCKETS } from '../../../src/cli/report/timeline.ts'
import { MOST_TRIALS } from '../../../src/cli/report/trials.ts'

const page = readFileSync(join(ROOT, 'docs/records.md'), 'utf8')

test('docs/records.md tells every member of the JSON, and no other', () => {
  const rows = [...page.matchAll(/^\| (`[^|]+`) \| /gm)].flatMap((row) => [
    ...(row[1] ?? '').matchAll(/`(\w+)`/g),
  ])
  const told = rows.map((match) => match[1])
  const { v: _v, source: _source, ...summary } = summaryOf(createCollector().read(), 'file', true)
  expect(new Set(told)).toEqual(new Set(Object.keys(summary)))
})

test('docs/records.md tells the bounds as they are', () => {
  expect([MOST_IDENTITIES, MOST_CELLS]).toEqual([2000, 2000])
  expect([MOST_DECIDERS, MOST_ACTIONS, MOST_TRIALS]).toEqual([500, 500, 500])
  expect(page).toContain('2,000 identities, 2,000 combinations and 500 rules, actions and shadow\nrules each')
  expect(page).toContain(`in at most ${MOST_BUCKETS} equal spans`)
  expect(page).toContain(`the first ${MOST_BROKEN} with number and cause`)
})
