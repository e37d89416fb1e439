import { expect, test } from '@jest/globals'
import { createInterner } from '../../src/lib/interner.ts'

const textOf = (interner: ReturnType<typeof createInterner>, text: string) => {
  const bytes = Buffer.from(`<${text}>`)
  return interner.textOf(bytes, 1, bytes.length - 1)
}

test('gives the text of the bytes, whatever was asked before and however little it may remember', () => {
  const names = ['accept', 'x-é', '', '__proto__', '42', 'a'.repeat(64), 'a'.repeat(65), 'dpop', 'accept']
  for (const max of [1, 2, 100]) {
    const interner = createInterner(max)
    expect(names.map((name) => textOf(interner, name))).toEqual(names)
    expect(names.map((name) => textOf(interner, name))).toEqual(names)
  }
})

test('two names with the same hash are told apart by their bytes', () => {
  // FNV-1a of both is 0x5e4daa9d.
  const interner = createInterner(10)
  expect([textOf(interner, 'costarring'), textOf(interner, 'liquid')]).toEqual(['costarring', 'liquid'])
  expect(textOf(interner, 'costarring')).toBe('costarring')
})
