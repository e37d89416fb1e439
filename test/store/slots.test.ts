import { describe, expect, test } from '@jest/globals'
import { redirectionOf, shardsOf, slotOf, tagOf } from '../../src/store/slots.ts'

describe('slots', () => {
  // https://redis.io/docs/latest/operate/oss_and_stack/reference/cluster-spec/ (CRC16 of "123456789" is 0x31C3).
  test.each([
    ['123456789', 0x31c3],
    ['{user1000}.following', slotOf('user1000')],
    ['u:{a}:1', slotOf('a')],
    ['p:{a}:party', slotOf('a')],
  ])('%s', (key, slot) => {
    expect(slotOf(key)).toBe(slot)
  })

  test.each([0, 1, 5461, 16_383])('a tag for slot %d', (slot) => {
    expect(slotOf(`vigil:e:{${tagOf(slot)}}`)).toBe(slot)
    expect(tagOf(slot)).toBe(tagOf(slot))
  })
})

describe('what CLUSTER SLOTS tells', () => {
  const a = ['10.0.0.1', 6379, 'id-a', []]
  const b = ['10.0.0.2', 6379, 'id-b', []]
  test('primaries with all their ranges; replicas are left out', () => {
    const reply = [
      [0, 99, a, ['10.0.0.9', 6379, 'replica', []]],
      [100, 199, b],
      [200, 16_383, a],
    ]
    expect(shardsOf(reply, 'asked')).toEqual([
      {
        host: '10.0.0.1',
        port: 6379,
        ranges: [
          [0, 99],
          [200, 16_383],
        ],
      },
      { host: '10.0.0.2', port: 6379, ranges: [[100, 199]] },
    ])
  })

  test.each([
    ['', 'asked'],
    [null, 'asked'],
    ['redis-0.redis', 'redis-0.redis'],
  ])('a server called %j is reached at %s', (name, host) => {
    expect(shardsOf([[0, 16_383, [name, 6379, 'id']]], 'asked')).toMatchObject([{ host }])
  })

  test.each([
    ['nothing', null],
    ['no entry', ['x']],
    ['no primary', [[0, 1]]],
    ['no port', [[0, 1, ['a', 'x']]]],
    [
      'slots that there are not',
      [
        [0, 16_384, a],
        [-1, 1, a],
        ['0', 1, a],
      ],
    ],
  ])('%s is left out', (_what, reply) => {
    expect(shardsOf(reply, 'asked')).toEqual([])
  })
})

test.each([
  ['MOVED 3999 127.0.0.1:6381', { kind: 'moved', address: '127.0.0.1:6381' }],
  ['MOVED 3999 redis-0.redis:6381', { kind: 'moved', address: 'redis-0.redis:6381' }],
  ['MOVED 3999 fd00::1:6381', { kind: 'moved', address: 'fd00::1:6381' }],
  ['ASK 3999 127.0.0.1:6381', { kind: 'ask', address: '127.0.0.1:6381' }],
  ['TRYAGAIN Multiple keys request during rehashing of slot', { kind: 'again' }],
  ['NOSCRIPT No matching script.', { kind: 'again' }],
  ['MOVED 3999 :6381', undefined],
  ['CLUSTERDOWN The cluster is down', undefined],
  ['OOM command not allowed', undefined],
])('%s', (text, redirection) => {
  expect(redirectionOf(new Error(text))).toEqual(redirection)
  expect(redirectionOf(text)).toBeUndefined()
})
