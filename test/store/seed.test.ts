import { describe, expect, test } from '@jest/globals'
import { parseSeed } from '../../src/store/seed.ts'

const good = '{"key":"p:{a}:b","value":"{}","ttlMs":1000}'

describe('seed file', () => {
  test('is JSON lines; empty lines do not matter', () => {
    expect(parseSeed(`\n${good}\r\n\n${good.replace('b"', 'c"')}\n`, 'seed')).toEqual([
      { key: 'p:{a}:b', value: '{}', ttlMs: 1000 },
      { key: 'p:{a}:c', value: '{}', ttlMs: 1000 },
    ])
    expect(parseSeed('', 'seed')).toEqual([])
  })

  test.each([
    ['not JSON', '{"key":', 'not JSON; write one {"key": …, "value": …, "ttlMs": …} a line'],
    ['a list', '[1]', 'not a JSON object'],
    ['null', 'null', 'not a JSON object'],
    [
      'a misspelt member',
      '{"key":"a","value":"b","ttl":1}',
      'unknown member "ttl"; there are key, value and ttlMs',
    ],
    ['no key', '{"value":"b","ttlMs":1}', 'key must be a non-empty ASCII string'],
    ['a key that is not ASCII', '{"key":"ä","value":"b","ttlMs":1}', 'key must be a non-empty ASCII string'],
    ['a number for a value', '{"key":"a","value":7,"ttlMs":1}', 'value must be a non-empty ASCII string'],
    ['no time', '{"key":"a","value":"b"}', 'ttlMs must be a whole number of milliseconds, at least 1'],
    [
      'half a millisecond',
      '{"key":"a","value":"b","ttlMs":0.5}',
      'ttlMs must be a whole number of milliseconds, at least 1',
    ],
  ])('%s: an error with the line', (_what, line, message) => {
    expect(() => parseSeed(`${good}\n\n${line}`, 'seed.jsonl')).toThrow(`seed.jsonl:3: ${message}`)
  })
})
