import { expect, test } from '@jest/globals'
import { FieldLines } from '../../src/lib/field-lines.ts'

const lines = new FieldLines()
lines.add('dpop', 'one')
lines.add('accept', '')
lines.add('dpop', 'two')

test('a repeated field has all its values in their order', () => {
  expect(lines.get('dpop')).toEqual(['one', 'two'])
  expect([...lines]).toEqual([
    ['dpop', ['one', 'two']],
    ['accept', ['']],
  ])
})

test('a field without a value is there, another one is not', () => {
  expect([lines.has('accept'), lines.get('accept')]).toEqual([true, ['']])
  expect([lines.has('constructor'), lines.get('constructor')]).toEqual([false, undefined])
})
