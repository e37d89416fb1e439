import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { renderDefaultTable } from '../../src/policy/default-table.ts'
import { describeVariables } from '../../src/policy/describe.ts'

const page = (name: string) => readFileSync(join(import.meta.dirname, '../../docs', name), 'utf8')

describe('documentation', () => {
  test('docs/conditions.md is what `npm run docs` writes', () => {
    expect(page('conditions.md')).toBe(describeVariables())
  })

  test('docs/policy.md holds the default table as it is', () => {
    expect(page('policy.md')).toContain(renderDefaultTable())
  })
})
