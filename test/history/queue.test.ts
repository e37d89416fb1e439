import { expect, test } from '@jest/globals'
import { LearningQueue } from '../../src/history/queue.ts'

const seen = (atMs: number) => ({ kind: 'seen', atMs, shown: {} }) as const

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
