import { describe, expect, test } from '@jest/globals'
import { ROOT } from '../../scripts/root.ts'
import { parseOptions } from './options.ts'

describe('options of the bench', () => {
  test('everything, unless parts are named', () => {
    expect(parseOptions([])?.parts).toEqual(['pipeline', 'grpc', 'memory', 'start'])
    expect(parseOptions(['--only', 'grpc', '--only', 'start'])?.parts).toEqual(['grpc', 'start'])
  })

  test('quick is less of everything', () => {
    const [full, quick] = [parseOptions([]), parseOptions(['--quick'])]
    expect(quick?.isQuick).toBe(true)
    expect(quick?.rounds.rounds).toBeLessThan(full?.rounds.rounds ?? 0)
    expect(quick?.memory.identities).toBeLessThan(full?.memory.identities ?? 0)
    expect(quick?.msPerCase).toBeLessThan(full?.msPerCase ?? 0)
  })

  test('another checkout is named by its root', () => {
    expect(parseOptions([])?.rounds.against).toBeUndefined()
    expect(parseOptions(['--against', ROOT])?.rounds.against).toBe(ROOT)
  })

  test('flags are given as one text for each row', () => {
    const flags = ['--max-semi-space-size=16 --heap-growing-percent=80', '--max-semi-space-size=32']
    expect(parseOptions(flags.map((text) => `--flags=${text}`))?.rounds.flags).toEqual(flags)
  })

  test('a run can be made of some rows and of more rounds', () => {
    const rounds = parseOptions(['--rounds', '3', '--rows', 'Redis', '--rows', 'heimdall'])?.rounds
    expect(rounds).toMatchObject({ rounds: 3, only: ['Redis', 'heimdall'] })
    expect(parseOptions([])?.rounds.only).toBeUndefined()
  })

  test('both rates have their open loop, quick or not', () => {
    for (const args of [[], ['--quick']])
      expect(parseOptions(args)?.rounds.open.map(({ perSecond }) => perSecond)).toEqual([1000, 3000])
  })

  test.each([
    ['--rounds', '0'],
    ['--rounds', '1.5'],
    ['--rounds', 'many'],
    ['--against', 'test'],
    ['--flags=fast'],
    ['--flags=--fast  --faster'],
    ['--only', 'nothing'],
    ['--per-case', 'long'],
    ['--per-case', '0'],
    ['--faster'],
    ['more'],
  ])('refuses %s %s', (...args) => {
    expect(() => parseOptions(args.filter((arg) => arg !== undefined))).toThrow()
  })

  test('help is not a run', () => {
    expect(parseOptions(['--help'])).toBeUndefined()
  })
})
