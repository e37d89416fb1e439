import { describe, expect, test } from '@jest/globals'
import { parseOptions } from './options.ts'

describe('options of bench:envoy', () => {
  test('quick is less of everything', () => {
    const [full, quick] = [parseOptions([]), parseOptions(['--quick'])]
    expect([full?.isQuick, quick?.isQuick]).toEqual([false, true])
    expect(quick?.plan.rounds).toBeLessThan(full?.plan.rounds ?? 0)
    expect(quick?.plan.openSeconds).toBeLessThan(full?.plan.openSeconds ?? 0)
  })

  test('rounds may be given', () => {
    expect(parseOptions(['--rounds', '3', '--json', 'x.json'])).toMatchObject({
      plan: { rounds: 3 },
      json: 'x.json',
    })
  })

  test.each([['--rounds', '0'], ['--rounds', 'many'], ['--faster'], ['more']])('refuses %s %s', (...args) => {
    expect(() => parseOptions(args.filter((arg) => arg !== undefined))).toThrow()
  })

  test('help is not a run', () => {
    expect(parseOptions(['--help'])).toBeUndefined()
  })
})
