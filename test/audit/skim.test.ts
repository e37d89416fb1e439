import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { parse } from 'yaml'
import { readRecord } from '../../src/audit/reading.ts'
import { skimRecord } from '../../src/audit/skim.ts'
import { lineOf, recordOf } from '../cli/records/fixtures.ts'

const CASES = join(import.meta.dirname, '../golden/cases')
const records: object[] = readdirSync(CASES)
  .filter((file) => file.endsWith('.expected.yaml'))
  .flatMap((file) => parse(readFileSync(join(CASES, file), 'utf8')))
  .map(({ record }: { record: object }) => record)

const skim = (line: string) => skimRecord(line, Buffer.from(line))

/** A record with everything that is looked at. */
const FULL = {
  ...recordOf({
    decision: {
      effect: 'deny',
      failure: 'policy.rule.denied',
      reasons: ['policy.rule.own'],
      rule: 'own',
      degraded: ['store'],
      shadow: [{ rule: 'trial', effect: 'deny', outcome: 'match', wouldDecide: true }],
    },
  }),
  mode: 'observe',
  why: 'A rule denies it.',
}

/** The paths of all members. */
function paths(value: unknown, path: readonly string[] = []): readonly string[][] {
  if (typeof value !== 'object' || value === null) return [[...path]]
  return [[...path], ...Object.entries(value).flatMap(([name, member]) => paths(member, [...path, name]))]
}

function changed(value: unknown, [first, ...rest]: readonly string[], to: unknown): unknown {
  if (first === undefined) return to
  const copy: unknown[] | Record<string, unknown> = Array.isArray(value)
    ? [...value]
    : { ...(value as object) }
  Reflect.set(copy, first, changed(Reflect.get(copy, first), rest, to))
  return copy
}

describe('a record is skimmed as it is read', () => {
  test('every record of the golden cases, most of them without reading it whole', () => {
    let whole = 0
    for (const record of records) {
      const line = lineOf(record)
      const skimmed = skim(line)
      expect(typeof skimmed).toBe('object')
      expect(readRecord(line)).toMatchObject(skimmed as object)
      if ('status' in (skimmed as object)) whole++
    }
    expect(whole).toBeLessThan(records.length / 10)
  })

  const told = paths(skim(lineOf(FULL))).filter((path) => path.length > 0)
  const wrong: readonly unknown[] = [undefined, null, 1, 'x', [], {}, [1], ['x'], true]

  test.each(
    told.map((path) => [path.join('.'), path] as const),
  )('and refused as it is: %s', (_name, path) => {
    for (const to of wrong) {
      const line = lineOf(changed(FULL, path, to))
      const read = readRecord(line)
      if (typeof read === 'string') expect(skim(line)).toBe(read)
      else expect(read).toMatchObject(skim(line) as object)
    }
  })

  test.each([
    ['cut off', lineOf(FULL).slice(0, -1)],
    ['damaged in a member that is not looked at', lineOf(FULL).replace('"limits":[', '"limits":[,')],
    ['another version', lineOf({ ...FULL, v: 2 })],
    ['no time', lineOf({ ...FULL, at: 'soon' })],
    ['an OCSF event', '{"class_uid":6003}'],
    ['no JSON', 'noise'],
  ])('and told why it is none: %s', (_what, line) => {
    expect(readRecord(line)).toEqual(expect.any(String))
    expect(skim(line)).toBe(readRecord(line))
  })

  test('spaces and escapes: the same record', () => {
    const spaced = JSON.stringify({ ...FULL, why: 'It says "no".' }, null, 1).replaceAll('\n', '')
    expect(skim(spaced)).toEqual(readRecord(spaced))
  })
})
