import { describe, expect, test } from '@jest/globals'
import { type Open, OpenCalls } from '../../src/check/open-calls.ts'

interface Named extends Open {
  readonly name: string
}

const call = (name: string): Named => ({ name, previous: undefined, next: undefined })

function listed(open: OpenCalls<Named>): string {
  let names = ''
  open.each(({ name }) => {
    names += name
  })
  return names
}

describe('calls that are open', () => {
  const open = new OpenCalls<Named>()
  const [a, b, c] = [call('a'), call('b'), call('c')]

  test.each([
    ['the middle', () => open.delete(b), 'ca'],
    ['one that is not in it', () => open.delete(b), 'ca'],
    ['one that comes again', () => open.add(b), 'bca'],
    ['the first', () => open.delete(b), 'ca'],
    ['the last', () => open.delete(a), 'c'],
    ['the only one', () => open.delete(c), ''],
    ['one of none', () => open.delete(c), ''],
  ])('%s', (_what, act, left) => {
    if (listed(open) === '' && left !== '') for (const one of [a, b, c]) open.add(one)
    act()
    expect(listed(open)).toBe(left)
  })

  test('what has left points to nothing that was beside it', () => {
    for (const one of [a, b, c]) open.add(one)
    open.delete(b)
    expect([b.previous, b.next]).toEqual([undefined, undefined])
    expect([c.next, a.previous]).toEqual([a, c])
  })

  test('each may leave while all are looked at', () => {
    open.each((one) => open.delete(one))
    expect(listed(open)).toBe('')
  })
})
