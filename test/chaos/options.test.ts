import { expect, test } from '@jest/globals'
import { FAULTS } from './faults/index.ts'
import { parseOptions } from './options.ts'

const parse = (...args: string[]) => parseOptions(args, FAULTS)

test('every fault has a name of its own, in letters and hyphens, and says what is promised', () => {
  const names = FAULTS.map(({ name }) => name)
  expect(new Set(names).size).toBe(names.length)
  for (const { name, title, promise } of FAULTS) {
    expect(name).toMatch(/^[a-z]+(-[a-z]+)*$/)
    expect(title.length).toBeGreaterThan(5)
    expect(promise.says.length).toBeGreaterThan(2)
  }
})

test('everything, unless faults are named', () => {
  expect(parse()).toEqual({ isShort: false, isList: false, faults: FAULTS, engine: 'valkey' })
  expect(parse('--only', 'reloads', '--only', 'nothing')?.faults.map(({ name }) => name)).toEqual([
    'nothing',
    'reloads',
  ])
})

test('the short campaign leaves out what says why, and it can still be named', () => {
  const left = FAULTS.filter(({ isFullOnly }) => isFullOnly !== undefined)
  expect(parse('--short')?.faults).toEqual(FAULTS.filter((fault) => !left.includes(fault)))
  for (const { name } of left) expect(parse('--short', '--only', name)?.faults).toHaveLength(1)
})

test('rate, engine and file', () => {
  expect(parse('--rate', '500', '--engine', 'redis', '--json', 'x.json')).toMatchObject({
    rate: 500,
    engine: 'redis',
    json: 'x.json',
  })
})

test('help', () => {
  expect(parse('--help')).toBeUndefined()
})

test.each([
  ['--only', 'everything'],
  ['--rate', 'fast'],
  ['--rate', '1'],
  ['--engine', 'memcached'],
  ['--faster'],
  ['more'],
])('wrong: %s %s', (...args) => {
  expect(() => parse(...args)).toThrow()
})
