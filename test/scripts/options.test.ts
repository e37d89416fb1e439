import { expect, test } from '@jest/globals'
import { parseOptions } from '../../scripts/test/options.ts'

test.each([
  ['nothing', [], ['unit', 'chart', 'e2e'], true, []],
  ['--unit', ['--unit'], ['unit'], false, []],
  ['--e2e', ['--e2e'], ['chart', 'e2e'], false, []],
  ['--release', ['--release'], ['release'], false, []],
  ['--cluster', ['--cluster'], ['release', 'cluster'], false, []],
  ['both layers', ['--e2e', '--unit'], ['unit', 'chart', 'e2e'], true, []],
  ['a pattern', ['test/risk', '-t', 'speed'], ['unit', 'chart', 'e2e'], false, ['test/risk', '-t', 'speed']],
  ['a layer and a pattern', ['--unit', 'risk'], ['unit'], false, ['risk']],
])('%s', (_, args, phases, isFull, jestArgs) => {
  expect(parseOptions(args)).toEqual({ phases, isFull, jestArgs, isCoverage: false })
})

test('--coverage is ours, not handed on', () => {
  expect(parseOptions(['--unit', '--coverage'])).toMatchObject({ isCoverage: true, jestArgs: [] })
})
