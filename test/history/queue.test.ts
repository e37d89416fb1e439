import { describe, expect, test } from '@jest/globals'
import { LearningQueue } from '../../src/history/queue.ts'

const seen = (atMs: number) =>
  ({ kind: 'seen', firstMs: atMs, lastMs: atMs, count: 1, shown: {}, hourOfWeek: 84 }) as const

test('keeps deltas by key, in the order in which they came, and says how many wait for the key', () => {
  const queue = new LearningQueue(10)
  expect(queue.add('p', 'profile', seen(1))).toBe(1)
  expect(queue.add('s', 'session', seen(2))).toBe(1)
  expect(queue.add('p', 'profile', seen(3))).toBe(2)
  expect(queue.size).toBe(3)
  expect(queue.take()).toEqual([
    ['p', { kind: 'profile', deltas: [seen(1), seen(3)] }],
    ['s', { kind: 'session', deltas: [seen(2)] }],
  ])
})

test('is empty after it was taken, and begins anew', () => {
  const queue = new LearningQueue(10)
  queue.add('p', 'profile', seen(1))
  const taken = queue.take()
  expect([queue.size, queue.take()]).toEqual([0, []])
  expect(queue.add('p', 'profile', seen(2))).toBe(1)
  expect(taken).toEqual([['p', { kind: 'profile', deltas: [seen(1)] }]])
})

test('holds no more than its bound: what comes then is lost, and is not half there', () => {
  const queue = new LearningQueue(2)
  queue.add('a', 'profile', seen(1))
  queue.add('a', 'profile', seen(2))
  expect(queue.add('a', 'profile', seen(3))).toBe(0)
  expect(queue.add('b', 'profile', seen(4))).toBe(0)
  expect(queue.size).toBe(2)
  expect(queue.take()).toEqual([['a', { kind: 'profile', deltas: [seen(1), seen(2)] }]])
})

describe('checks that are alike', () => {
  const MINUTE = 60_000
  const one = (atMs: number) => ({ kind: 'seen', firstMs: atMs, lastMs: atMs, count: 1 })

  test('only raise a count, whatever their order within the minute', () => {
    const queue = new LearningQueue(10)
    for (const atMs of [MINUTE + 5, MINUTE + 9, MINUTE + 2]) {
      expect(queue.sawIdentity('p', atMs, 84, { device: 'a' })).toBe(1)
      expect(queue.sawSession('s', atMs, 'a')).toBe(1)
    }
    const three = { kind: 'seen', firstMs: MINUTE + 2, lastMs: MINUTE + 9, count: 3 }
    expect(queue.size).toBe(2)
    expect(queue.take()).toEqual([
      ['p', { kind: 'profile', deltas: [{ ...three, shown: { device: 'a' }, hourOfWeek: 84 }] }],
      ['s', { kind: 'session', deltas: [{ ...three, device: 'a' }] }],
    ])
  })

  test('another minute, another value, one more or one less is another delta', () => {
    const queue = new LearningQueue(10)
    const shows: [number, Record<string, string>][] = [
      [1, { device: 'a' }],
      [MINUTE, { device: 'a' }],
      [MINUTE, { device: 'b' }],
      [MINUTE, { device: 'b', client: 'c' }],
      [MINUTE, { device: 'b' }],
      [MINUTE, {}],
    ]
    for (const [atMs, shown] of shows) queue.sawIdentity('p', atMs, 84, shown)
    expect(queue.take()).toEqual([
      [
        'p',
        { kind: 'profile', deltas: shows.map(([atMs, shown]) => ({ ...one(atMs), shown, hourOfWeek: 84 })) },
      ],
    ])
    for (const device of ['a', 'b', undefined]) queue.sawSession('s', 1, device)
    expect(queue.size).toBe(3)
  })

  test('a challenge in between is not passed over', () => {
    const queue = new LearningQueue(10)
    queue.sawIdentity('p', 1, 84, {})
    queue.add('p', 'profile', { kind: 'challenged', atMs: 2 })
    expect(queue.sawIdentity('p', 3, 84, {})).toBe(3)
  })
})
