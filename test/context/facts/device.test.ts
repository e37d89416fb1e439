import { describe, expect, test } from '@jest/globals'
import { deviceOf } from '../../../src/context/facts/device.ts'
import { checkOf } from '../../support/check-of.ts'

const read = (...values: string[]) =>
  deviceOf(checkOf({ headers: new Map([['x-device-id', values]]) }), 'x-device-id')

describe('the claimed device', () => {
  const good: [string, string[], string | undefined][] = [
    ['one id', ['dev-1'], 'dev-1'],
    ['blanks around it', ['  dev-1 '], 'dev-1'],
    ['256 characters', ['d'.repeat(256)], 'd'.repeat(256)],
    ['an empty header is missing', [''], undefined],
    ['a blank header is missing', ['  '], undefined],
  ]
  test.each(good)('%s', (_, values, id) => {
    expect(read(...values)).toEqual({
      device: id === undefined ? { isAttested: false } : { id, isAttested: false },
      fault: undefined,
    })
  })

  const bad: [string, string[], string][] = [
    ['two headers', ['dev-1', 'dev-2'], 'appears more than once'],
    ['the same header twice', ['dev-1', 'dev-1'], 'appears more than once'],
    ['an empty one and a full one', ['', 'dev-1'], 'appears more than once'],
    ['two joined by Envoy', ['dev-1,dev-2'], 'appears more than once, or holds a comma'],
    ['257 characters', ['d'.repeat(257)], 'is longer than 256 characters'],
    ['a control byte', ['dev\u0001'], 'holds a character that is not printable ASCII'],
    ['a tab inside', ['dev\t1'], 'holds a character that is not printable ASCII'],
    ['not ASCII', ['dév'], 'holds a character that is not printable ASCII'],
  ]
  test.each(bad)('%s is malformed and no id', (_, values, fault) => {
    expect(read(...values)).toEqual({ device: { isAttested: false }, fault })
  })

  test('no header is missing, not malformed', () => {
    expect(deviceOf(checkOf(), 'x-device-id')).toEqual({ device: { isAttested: false }, fault: undefined })
  })

  test('another header is not looked at', () => {
    expect(deviceOf(checkOf({ headers: new Map([['x-device-id', ['a']]]) }), 'x-other').device.id).toBe(
      undefined,
    )
  })
})
