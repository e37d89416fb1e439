import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { settings } from '../../src/config/schema/settings.ts'
import { actionOf } from '../../src/context/facts/action.ts'
import { compileContext } from '../../src/context/index.ts'
import { renderDefaultTable } from '../../src/policy/default-table.ts'
import { describeVariables } from '../../src/policy/describe.ts'
import { checkOf } from '../support/check-of.ts'
import { decideBy, rule } from './fixtures.ts'

const page = (name: string) => readFileSync(join(import.meta.dirname, '../../docs', name), 'utf8')

describe('documentation', () => {
  test('docs/conditions.md is what `npm run docs` writes', () => {
    expect(page('conditions.md')).toBe(describeVariables())
  })

  test('what it says of callers that no rule sees is so, whatever the action allows itself', () => {
    const always = [rule('allow')]
    for (const subject of [
      { state: 'anonymous' },
      { state: 'refused', failure: 'identity.token.expired' },
    ] as const) {
      expect(decideBy(always, { subject })).toMatchObject({ effect: 'deny', rule: undefined })
    }
    const actions = [{ name: 'a', match: { paths: ['/a'] } }]
    const compiled = compileContext(settings.parse({ actions }))
    const [known, unknown] = ['/a', '/b'].map(
      (path) => compiled.ok && actionOf(checkOf({ path }), compiled.value.catalogue),
    )
    expect([known, unknown]).toMatchObject([
      { name: 'a', allowsAnonymous: false },
      { allowsAnonymous: false },
    ])
  })

  test('docs/policy.md holds the default table as it is', () => {
    expect(page('policy.md')).toContain(renderDefaultTable())
  })
})
