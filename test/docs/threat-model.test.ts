/** docs/threat-model.md against the tests: whatever it says is held is held by something that exists. */
import { existsSync, globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { countTests, STANDARDS } from '../../scripts/conformance.ts'
import { ROOT } from '../../scripts/root.ts'

const PAGE = readFileSync(join(ROOT, 'docs/threat-model.md'), 'utf8')

interface Threat {
  readonly attacker: string
  readonly tries: string
  readonly heldBy: readonly string[]
}

/** The rows of all tables with a column *held by*. */
function threatsOf(page: string): Threat[] {
  const threats: Threat[] = []
  for (const section of page.split(/^## /m).slice(1)) {
    const [attacker = ''] = section.split('\n')
    const [, rows] = section.split('| tries | is stopped by | held by |\n|---|---|---|\n')
    for (const row of (rows ?? '').split('\n').filter((line) => line.startsWith('| '))) {
      const cells = row.slice(2, -2).split(' | ')
      threats.push({ attacker, tries: cells[0] ?? '', heldBy: (cells.at(-1) ?? '').split(/; (?=`|[A-Z])/) })
    }
  }
  return threats
}

const checks = new Map(STANDARDS.flatMap(({ rows }) => rows.map((row) => [row.id, row] as const)))

/** Undefined where the reference leads to a test. */
function flaw(reference: string): string | undefined {
  const [, path, title = ''] = /^`([\w/.-]+): ?(.*)`$/.exec(reference) ?? []
  if (path === undefined) {
    const check = checks.get(reference)
    if (check === undefined) return `${reference}: no such check`
    if (check.no !== undefined) return `${reference} is not done: ${check.no}`
    return countTests(reference) > 0 ? undefined : `${reference} stands in no test`
  }
  const file = join(ROOT, 'test', `${path}.test.ts`)
  const files = existsSync(file) ? [file] : globSync(join(ROOT, 'test', path, '*.test.ts'))
  if (files.length === 0) return `${path}: no such test`
  return files.some((one) => readFileSync(one, 'utf8').includes(title))
    ? undefined
    : `${path} has no "${title}"`
}

const THREATS = threatsOf(PAGE)

test('the page tells of every attacker, and each section tells what is left', () => {
  expect(THREATS.length).toBeGreaterThan(45)
  const attackers = [...new Set(THREATS.map(({ attacker }) => attacker))]
  expect(attackers).toHaveLength(10)
  expect(PAGE.match(/^\*\*Left:\*\*/gm)).toHaveLength(attackers.length)
})

test.each(
  THREATS.map(({ attacker, tries, heldBy }) => [attacker, tries, heldBy] as const),
)('%s, who tries %s, is held by tests that exist', (_attacker, _tries, heldBy) => {
  expect(heldBy.map(flaw).filter((one) => one !== undefined)).toEqual([])
})

describe('a reference that leads nowhere is found', () => {
  test.each([
    ['a check that nobody has', 'DPOP-99', 'no such check'],
    ['a check that is not done', 'ACT-07', 'is not done'],
    ['a file that is gone', '`pipeline/nothing: at all`', 'no such test'],
    ['a title that was changed', '`pipeline/hop: is used twice`', 'has no "is used twice"'],
    ['something else', 'a test', 'no such check'],
  ])('%s', (_, reference, expected) => {
    expect(flaw(reference)).toContain(expected)
  })
})
