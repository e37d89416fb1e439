import { expect, test } from '@jest/globals'
import type { Result } from '../../envoy/demo/scene.ts'
import { createTable } from '../../envoy/demo/table.ts'

const scene: Result = {
  name: 'A rule that allows everything',
  request: 'a nightly job reads reports; `when: true, effect: allow` becomes the first rule',
  expected: '403',
  got: '200; vigil_config_last_reload_successful 0, still configuration 3',
  why: 'A rule denies this request. [deny, rule no-reports-for-machines: policy.rule.no-reports-for-machines]',
  ok: true,
}

test.each([
  [20, 80],
  [80, 80],
  [119, 119],
  [120, 120],
  [170, 170],
  [400, 170],
])('a terminal of %i columns is used up to %i', (columns, width) => {
  const table = createTable(columns, false)
  const lines = `${table.head()}\n${table.row(1, scene)}`.split('\n')
  expect(Math.max(...lines.map((line) => line.length))).toBe(width)
})

test.each([80, 100, 119, 120, 130, 170])('no name is cut at %i columns', (columns) => {
  const text = createTable(columns, false).row(1, scene)
  const words = new Set(
    Object.values(scene)
      .join(' ')
      .split(/[\s\-._/:=]+/),
  )
  const shown = text.split(/[\s\-._/:=]+/).filter((word) => word !== '' && !/^[✓1]$/u.test(word))
  const labels = ['sent', 'came', 'back', 'why']
  expect(shown.filter((word) => !words.has(word) && !labels.includes(word))).toEqual([])
})

test('in a narrow terminal each part of a scene stands in lines of its own', () => {
  expect(createTable(80, false).row(19, scene)).toBe(
    [
      '✓ 19  A rule that allows everything',
      '      sent       a nightly job reads reports; `when: true, effect: allow`',
      '                 becomes the first rule',
      '      came back  200; vigil_config_last_reload_successful 0, still configuration',
      '                 3',
      '      why        A rule denies this request. [deny, rule',
      '                 no-reports-for-machines: policy.rule.no-reports-for-machines]',
    ].join('\n'),
  )
})

test('lines stand as they are beneath the row, empty ones too', () => {
  const lines = ['', '  passed  5', '']
  const text = createTable(130, false).row(36, { ...scene, lines })
  expect(text).toBe(`${createTable(130, false).row(36, scene)}\n\n        passed  5\n`)
})

test('a scene that went wrong says what was expected', () => {
  const text = createTable(130, true).row(3, { ...scene, got: '200', ok: false })
  expect(text).toContain('✗ 3')
  expect(text).toContain('200 (expected: 403)')
  expect(text.startsWith('\x1b[31m')).toBe(true)
})
