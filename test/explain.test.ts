import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from '@jest/globals'
import { explainRecords } from '../src/explain.ts'
import type { Decision } from '../src/model.ts'
import { lineOf, over, recordOf } from './cli/records/fixtures.ts'
import { countedEntropy, countedIds } from './harness/app.ts'

const scratch = mkdtempSync(join(tmpdir(), 'vigil-explain-'))
afterAll(() => rmSync(scratch, { recursive: true }))

function configuration(text: string): string {
  const file = join(scratch, 'vigil.yaml')
  writeFileSync(file, text)
  return file
}

const DENIED: Decision = {
  effect: 'deny',
  failure: 'policy.rule.denied',
  reasons: ['policy.rule.bound-only'],
  rule: 'bound-only',
  shadow: [],
  degraded: [],
}

const deps = {
  clock: { nowMs: () => 0, monotonicMs: () => 0 },
  entropy: countedEntropy(),
  newId: countedIds(),
}
const run = (config: string | undefined, lines: readonly string[], isJson = false) =>
  over(lines, (io) => explainRecords({ input: '-', isList: false, isJson, config }, io, deps))

const GOOD = `policy:
  - { name: bound-only, when: subject.binding.state != "verified", effect: deny }
`

test('with a configuration the decision is made again, as it was and otherwise', async () => {
  const { code, out } = await run(configuration(GOOD), [lineOf(recordOf({ decision: DENIED }))])
  expect(code).toBe(0)
  expect(out).toContain(`Decided again with this configuration
  It is not the configuration that decided.
  The rule bound-only: subject.binding.state != "verified"
  As it was: deny (bound-only).
  It would have passed with a token that is bound to its holder: allow (policy.default.low-low).
`)
})

test('as JSON, too; without a configuration there is nothing of it', async () => {
  const lines = [lineOf(recordOf({ decision: DENIED }))]
  const told = JSON.parse((await run(configuration(GOOD), lines, true)).out)
  expect(told.again).toMatchObject({ asItWas: { effect: 'deny' }, ways: [{ effect: 'allow' }] })
  expect(JSON.parse((await run(undefined, lines, true)).out)).not.toHaveProperty('again')
})

test('a record that does not hold enough is explained all the same', async () => {
  const { past: _past, ...cut } = recordOf({ decision: DENIED })
  const forged = { ...cut, past: { limits: [], proof: 'none', hop: 'none' } }
  const { code, out } = await run(configuration(GOOD), [lineOf(forged)])
  expect(code).toBe(0)
  expect(out).toContain(
    'Decided again with this configuration\n  The record does not hold enough for that.\n',
  )
})

test('a configuration with a mistake is told as always, and nothing is explained', async () => {
  const { code, out, err } = await run(configuration('polcy: []\n'), [lineOf(recordOf())])
  expect({ code, out }).toEqual({ code: 1, out: '' })
  expect(err).toContain('did you mean "policy"?')
})
