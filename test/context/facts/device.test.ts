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
      isMalformed: false,
    })
  })

  const bad: [string, string[]][] = [
    ['two headers', ['dev-1', 'dev-2']],
    ['the same header twice', ['dev-1', 'dev-1']],
    ['an empty one and a full one', ['', 'dev-1']],
    ['two joined by Envoy', ['dev-1,dev-2']],
    ['257 characters', ['d'.repeat(257)]],
    ['a control byte', ['dev\u0001']],
    ['a tab inside', ['dev\t1']],
    ['not ASCII', ['dév']],
  ]
  test.each(bad)('%s is malformed and no id', (_, values) => {
    expect(read(...values)).toEqual({ device: { isAttested: false }, isMalformed: true })
  })

  test('no header is missing, not malformed', () => {
    expect(deviceOf(checkOf(), 'x-device-id')).toEqual({ device: { isAttested: false }, isMalformed: false })
  })

  test('another header is not looked at', () => {
    expect(deviceOf(checkOf({ headers: new Map([['x-device-id', ['a']]]) }), 'x-other').device.id).toBe(
      undefined,
    )
  })
})
