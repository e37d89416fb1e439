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

  test.each([
    ['--against', 'test'],
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
