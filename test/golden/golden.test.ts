import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from '@jest/globals'
import { parse } from 'yaml'
import { encodeResponse } from '../../src/check/encode.ts'
import { toCheckResponse } from '../../src/check/response.ts'
import { asRecorded, decideAgain } from '../../src/replay.ts'
import { compileElsewhere } from './harness/app.ts'
import { caseNames, expectedFile, GOLDEN, orphans, readCase } from './harness/case.ts'
import { toYaml } from './harness/expectation.ts'
import { issuerKeySet, trustBundle } from './harness/keys.ts'
import { parseRecord, type RanCase, runCase } from './harness/run.ts'

/**
 * Golden cases: a request, a configuration and a history in; answer and record out, through the whole pipeline.
 * `UPDATE_GOLDEN=1 npm run test:unit -- test/golden` writes the expectations; read every line that changed.
 */
const IS_UPDATING = process.env['UPDATE_GOLDEN'] === '1'
const HEAD = '# Written by UPDATE_GOLDEN=1 (see CONTRIBUTING.md). Read every line that changed.\n'

function expectedOf(name: string): readonly unknown[] {
  const file = expectedFile(name)
  if (!existsSync(file)) throw new Error(`${file} is not there yet: UPDATE_GOLDEN=1 writes it`)
  return parse(readFileSync(file, 'utf8'))
}

const cases = caseNames.map((name) => ({
  name,
  plan: readCase(name),
  title: `${name}: ${readCase(name).shows}`,
}))

describe.each(cases)('$title', ({ name, plan }) => {
  let ran: RanCase

  beforeAll(async () => {
    ran = await runCase(plan)
    if (IS_UPDATING) writeFileSync(expectedFile(name), `${HEAD}${toYaml(ran.actual)}`)
  })

  test.each(plan.checks.map(({ note }, i) => [i + 1, note ?? ''] as const))('check %d %s', (number) => {
    expect(ran.actual[number - 1]).toEqual(expectedOf(name)[number - 1])
  })

  test('nothing is expected beyond its checks, and no secret', () => {
    const text = toYaml(expectedOf(name))
    expect(expectedOf(name)).toHaveLength(plan.checks.length)
    for (const secret of ran.secrets) expect(text).not.toContain(secret)
  })

  test('its records hold no secret, and give the same decisions and answers again', async () => {
    const snapshot = await compileElsewhere(plan)
    for (const { outcome, line } of ran.all) {
      for (const secret of ran.secrets) expect(line).not.toContain(secret)
      const { decision, answer } = decideAgain(parseRecord(line), snapshot)
      expect(decision).toEqual(outcome.decision)
      const expected = asRecorded(outcome.answer)
      expect(answer).toEqual(expected)
      expect(encodeResponse(toCheckResponse(answer))).toEqual(encodeResponse(toCheckResponse(expected)))
    }
  })
})

describe('the folder', () => {
  test('holds at least 30 cases and no expectation without a case', () => {
    expect(caseNames.length).toBeGreaterThanOrEqual(30)
    expect(orphans).toEqual([])
  })

  test.each([
    ['of its issuer', 'idp.jwks.json', issuerKeySet()],
    ['of its trust domain', 'mesh.bundle.json', trustBundle()],
  ])('holds the key set %s', (_, name, keySet) => {
    const file = join(GOLDEN, 'configs', name)
    if (IS_UPDATING) writeFileSync(file, `${JSON.stringify(keySet, null, 2)}\n`)
    expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual(keySet)
  })
})
