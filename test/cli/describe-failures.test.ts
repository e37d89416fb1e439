import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { describeFailures } from '../../src/cli/describe-failures.ts'
import { PROBLEMS } from '../../src/enforcement/problems.ts'
import { FAILURES } from '../../src/errors.ts'

test('docs/failures.md holds every failure code with its sentence', () => {
  const page = readFileSync(join(import.meta.dirname, '../../docs/failures.md'), 'utf8')
  expect(page).toContain(describeFailures())
  expect(Object.keys(FAILURES).filter((code) => !describeFailures().includes(`\`${code}\``))).toEqual([])
})

test('docs/answers.md shows every problem', () => {
  const page = readFileSync(join(import.meta.dirname, '../../docs/answers.md'), 'utf8')
  const shown = Object.keys(PROBLEMS).filter((problem) => problem !== 'dpop-key-binding')
  expect(shown.filter((problem) => !page.includes(`urn:vigil:problem:${problem}`))).toEqual([])
})
