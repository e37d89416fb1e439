/** The table of docs/failures.md and the tests beside this one are of the same rows. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'

const PAGE = join(import.meta.dirname, '../../docs/failures.md')

test('every row of the table on docs/failures.md is tested, once, and nothing else is', () => {
  const [, table = ''] = readFileSync(PAGE, 'utf8').split(/\n\| failure \|.*\n\|---.*\n/)
  const rows = (table.split('\n\n')[0] ?? '').split('\n').map((line) => line.split('|')[1]?.trim())
  const tests = readdirSync(import.meta.dirname).filter((name) => name.endsWith('.test.ts'))
  const tested = tests.flatMap((name) => {
    const text = readFileSync(join(import.meta.dirname, name), 'utf8')
    return [...text.matchAll(/^row\('(.+)', \(\) => \{$/gm)].map((match) => match[1])
  })
  expect(rows.length).toBeGreaterThan(8)
  expect(tested.sort()).toEqual(rows.sort())
})
