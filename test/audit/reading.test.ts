import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { parse } from 'yaml'
import { readRecord } from '../../src/audit/reading.ts'
import { lineOf, recordOf } from '../cli/records/fixtures.ts'

const CASES = join(import.meta.dirname, '../golden/cases')
const expectations = readdirSync(CASES).filter((file) => file.endsWith('.expected.yaml'))

describe('what Vigil writes is read back', () => {
  test.each(expectations)('%s', (file) => {
    const checks: { record: object }[] = parse(readFileSync(join(CASES, file), 'utf8'))
    for (const { record } of checks)
      expect(record).toMatchObject(readRecord(JSON.stringify(record)) as object)
  })

  test('members of a later version do not matter', () => {
    const record = recordOf()
    const caller = { ...(record['caller'] as object), zone: 'a' }
    expect(readRecord(lineOf({ ...record, caller, signed: true }))).toEqual(readRecord(lineOf(record)))
  })
})

describe('what is no record is told in a few words, and none of them of the line', () => {
  test.each<[string, string, string]>([
    ['no JSON', '{"v":1,"id":"secret', 'not valid JSON'],
    ['another line of a log', '"starting"', 'not a JSON object'],
    ['another version', JSON.stringify({ ...recordOf(), v: 2 }), 'no record of version 1: look at "v"'],
    ['no time', JSON.stringify({ ...recordOf(), at: 'soon' }), 'no record of version 1: look at "at"'],
    [
      'a decision without a reason',
      JSON.stringify({ ...recordOf(), decision: { effect: 'allow', reasons: [], shadow: [], degraded: [] } }),
      'no record of version 1: look at "decision.reasons.0"',
    ],
  ])('%s', (_what, line, why) => {
    expect(readRecord(line)).toBe(why)
  })
})
