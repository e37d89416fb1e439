import { afterEach, beforeEach, expect, jest, test } from '@jest/globals'
import { createDeadlines } from '../../src/check/deadlines.ts'

let nowMs = 0
let late: string[] = []
const open = () =>
  createDeadlines<string>(
    100,
    () => nowMs,
    (item) => void late.push(item),
  )

const pass = (ms: number) => {
  nowMs += ms
  jest.advanceTimersByTime(ms)
}

beforeEach(() => {
  jest.useFakeTimers()
  nowMs = 5000
  late = []
})
afterEach(() => {
  jest.useRealTimers()
})

test('each is told at its own time, in the order of coming', () => {
  const deadlines = open()
  deadlines.add('a', nowMs)
  pass(30)
  deadlines.add('b', nowMs)
  deadlines.add('c', nowMs)
  pass(69)
  expect(late).toEqual([])
  pass(1)
  expect(late).toEqual(['a'])
  pass(29)
  expect(late).toEqual(['a'])
  pass(1)
  expect(late).toEqual(['a', 'b', 'c'])
  expect(jest.getTimerCount()).toBe(0)
})

test.each([0, 1, 2])('number %i is removed: the others are told', (index) => {
  const deadlines = open()
  const waiting = ['a', 'b', 'c'].map((item) => deadlines.add(item, nowMs))
  const [removed] = waiting.splice(index, 1)
  if (removed === undefined) throw new Error('nothing to remove')
  deadlines.remove(removed)
  deadlines.remove(removed)
  pass(100)
  expect(late).toEqual(waiting.map(({ item }) => item))
})

test('the time runs from when it came, not from when it was added', () => {
  const deadlines = open()
  deadlines.add('a', nowMs - 40)
  pass(59)
  expect(late).toEqual([])
  pass(1)
  expect(late).toEqual(['a'])
})

test('the last one removed takes the timer with it, and the next one has its whole time', () => {
  const deadlines = open()
  deadlines.remove(deadlines.add('a', nowMs))
  expect(jest.getTimerCount()).toBe(0)
  pass(60)
  deadlines.add('b', nowMs)
  pass(99)
  expect(late).toEqual([])
  pass(1)
  expect(late).toEqual(['b'])
})

test('one that is late can be removed, and one added while others are told is told in its time', () => {
  const told: string[] = []
  const deadlines = createDeadlines<string>(
    100,
    () => nowMs,
    (item) => {
      told.push(item)
      deadlines.remove(waiting)
      if (item === 'a') deadlines.add('b', nowMs)
    },
  )
  const waiting = deadlines.add('a', nowMs)
  pass(100)
  expect(told).toEqual(['a'])
  pass(100)
  expect(told).toEqual(['a', 'b'])
})

test('a timer that rings early is set again', () => {
  const deadlines = open()
  deadlines.add('a', nowMs)
  jest.advanceTimersByTime(100)
  expect(late).toEqual([])
  nowMs += 100
  jest.advanceTimersByTime(100)
  expect(late).toEqual(['a'])
})
