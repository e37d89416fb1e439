import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { countTests, describeConformance, STANDARDS } from '../../scripts/conformance.ts'
import { ROOT } from '../../scripts/root.ts'

const rows = STANDARDS.flatMap((standard) => standard.rows)

describe('the conformance page', () => {
  test('is current', () => {
    expect(readFileSync(join(ROOT, 'docs/conformance.md'), 'utf8')).toBe(describeConformance())
  })

  test.each(
    rows.filter((row) => row.no === undefined).map((row) => row.id),
  )('%s is named by a test', (id) => {
    expect(countTests(id)).toBeGreaterThan(0)
  })

  test('every id stands once', () => {
    expect(new Set(rows.map((row) => row.id)).size).toBe(rows.length)
  })
})
