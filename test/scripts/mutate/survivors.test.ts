import { globSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { nearestFirst } from '../../../scripts/mutate/files.ts'
import { judge } from '../../../scripts/mutate/report.ts'
import { ROOMS } from '../../../scripts/mutate/rooms.ts'
import { type Mutant, type Reason, readReasons } from '../../../scripts/mutate/survivors.ts'
import { ROOT } from '../../../scripts/root.ts'

const FOLDER = join(ROOT, 'scripts', 'mutate', 'survivors')

test('every file of reasons is of a room, and every room has code and tests', () => {
  for (const file of globSync('*.json', { cwd: FOLDER }))
    expect(Object.keys(ROOMS)).toContain(basename(file, '.json'))
  for (const { mutate, tests } of Object.values(ROOMS))
    for (const pattern of [...mutate, ...tests])
      expect(globSync(pattern, { cwd: ROOT }).length).toBeGreaterThan(0)
})

describe.each(Object.keys(ROOMS))('reasons of %s', (room) => {
  test('each speaks of a line that is there, and says why', () => {
    for (const { file, code, why } of readReasons(room)) {
      expect(globSync([...(ROOMS[room]?.mutate ?? [])], { cwd: ROOT })).toContain(file)
      const lines = readFileSync(join(ROOT, file), 'utf8').split('\n')
      expect(lines.map((line) => line.trim())).toContain(code)
      expect(why.length).toBeGreaterThan(10)
    }
  })

  test('none stands there twice', () => {
    const keys = readReasons(room).map(({ file, code }) => `${file} ${code}`)
    expect(keys).toEqual([...new Set(keys)])
  })
})

describe('a room is judged', () => {
  const mutant = (status: string, code = 'a === b', change = 'ConditionalExpression'): Mutant => ({
    file: 'src/a.ts',
    line: 1,
    code,
    change,
    from: code,
    to: 'true',
    status,
  })
  const reason = (members: Partial<Reason> = {}): Reason => ({
    file: 'src/a.ts',
    code: 'a === b',
    why: 'both are the same',
    ...members,
  })
  const many = (count: number, status: string) => Array.from({ length: count }, () => mutant(status, 'x'))

  test('by the share of changes that tests notice; a timeout is noticed, what does not run counts for nothing', () => {
    const mutants = [
      ...many(17, 'Killed'),
      ...many(3, 'Timeout'),
      ...many(9, 'RuntimeError'),
      mutant('Survived'),
    ]
    expect(judge('r', mutants, [reason()])).toMatchObject({ isGood: true, unexplained: [], idle: [] })
    expect(judge('r', mutants, [reason()]).score).toBeCloseTo((100 * 20) / 21, 9)
  })

  test.each<[string, readonly Mutant[], readonly Reason[]]>([
    ['a survivor without a reason', [...many(99, 'Killed'), mutant('Survived')], []],
    ['one that no test reaches', [...many(99, 'Killed'), mutant('NoCoverage')], []],
    ['a reason for another line', [...many(99, 'Killed'), mutant('Survived')], [reason({ code: 'a !== b' })]],
    [
      'a reason for another file',
      [...many(99, 'Killed'), mutant('Survived')],
      [reason({ file: 'src/b.ts' })],
    ],
    [
      'a reason for another change',
      [...many(99, 'Killed'), mutant('Survived')],
      [reason({ changes: ['StringLiteral'] })],
    ],
    [
      'too many survivors, whatever their reasons',
      [...many(84, 'Killed'), ...Array(16).fill(mutant('Survived'))],
      [reason()],
    ],
  ])('and is not good with %s', (_, mutants, reasons) => {
    expect(judge('r', mutants, reasons).isGood).toBe(false)
  })

  test('a reason that is needed no more is told', () => {
    expect(judge('r', many(9, 'Killed'), [reason()])).toMatchObject({ isGood: true, idle: [reason()] })
  })
})

test('the test of the file itself is asked first, then those of its folder', () => {
  const files = ['test/b/x.test.ts', 'test/a/y.test.ts', 'test/a/x.test.ts'].map((file) => join('/r', file))
  expect(nearestFirst(files, '/r/src/a/x.ts', '/r')).toEqual([
    '/r/test/a/x.test.ts',
    '/r/test/a/y.test.ts',
    '/r/test/b/x.test.ts',
  ])
})
