import { describe, expect, test } from '@jest/globals'
import { openRoute } from '../../src/audit/route.ts'
import type { Sink } from '../../src/audit/sink.ts'
import { spyLog, spyMeter } from '../support/edge-samples.ts'

/** Sinks that do what the test says, one after the other, and timers that it fires. */
function setUp(limit = 3) {
  const meter = spyMeter()
  const opened: {
    written: string[]
    settle: (isWritten: boolean) => void
    break: () => void
    closes: number
  }[] = []
  const timers: { ms: number; run: () => void }[] = []
  const open = (): Sink => {
    const waiting: ((isWritten: boolean) => void)[] = []
    const one = {
      written: [] as string[],
      settle: (isWritten: boolean) => waiting.shift()?.(isWritten),
      break: (): void => undefined,
      closes: 0,
    }
    opened.push(one)
    return {
      name: 'test',
      write: (lines, onSettled) => {
        one.written.push(Buffer.from(lines).toString())
        waiting.push(onSettled)
        return true
      },
      onReady: () => undefined,
      onBroken: (listener) => {
        one.break = () => listener('ENOSPC')
      },
      close: async () => {
        one.closes++
      },
    }
  }
  const schedule = (ms: number, run: () => void) => {
    const timer = { ms, run }
    timers.push(timer)
    return () => void timers.splice(timers.indexOf(timer), 1)
  }
  const log = spyLog()
  const deps = { meter, log, schedule, clock: { nowMs: () => 0 } }
  const route = openRoute({ plainPercent: 100, name: 'trail' }, limit, deps, open)
  const fire = () => {
    for (const { run } of timers.splice(0)) run()
  }
  const losing = () =>
    meter.counted.filter(({ name }) => name === 'vigil_audit_sink_losing').map(({ value }) => value)
  return { route, opened, timers, fire, losing, meter, log }
}

describe('the way to one sink', () => {
  test('there is room until the queue is full', () => {
    const { route } = setUp(3)
    expect(route.hasRoomFor(3)).toBe(true)
    expect(route.hasRoomFor(4)).toBe(false)
    route.push('a')
    expect([route.hasRoomFor(2), route.hasRoomFor(3)]).toEqual([true, false])
  })

  test('there is room again when the sink was given what waits', () => {
    const { route, fire } = setUp(1)
    route.push('a')
    expect(route.hasRoomFor(1)).toBe(false)
    fire()
    expect(route.hasRoomFor(1)).toBe(true)
  })

  test('a sink that loses what it is given has no room until it has written something', () => {
    const { route, opened, fire, losing, meter, log } = setUp()
    route.push('a')
    fire()
    opened[0]?.settle(false)
    expect(route.hasRoomFor(1)).toBe(false)
    route.push('b')
    fire()
    expect(route.hasRoomFor(1)).toBe(false)
    opened[0]?.settle(true)
    expect(route.hasRoomFor(1)).toBe(true)
    expect(losing()).toEqual([0, 1, 0])
    expect(log.lines).toEqual([
      '{"event":"audit sink loses records","sink":"trail"}',
      '{"event":"audit sink writes again","sink":"trail"}',
    ])
    expect(meter.counted.every(({ labels }) => labels?.['sink'] === 'trail')).toBe(true)
  })

  test('a broken sink is opened again, and must write something before it is believed', () => {
    const { route, opened, timers, fire } = setUp()
    opened[0]?.break()
    expect(timers.map(({ ms }) => ms)).toEqual([5000])
    fire()
    expect([opened.length, opened[0]?.closes]).toEqual([2, 1])
    expect(route.hasRoomFor(1)).toBe(false)
    route.push('a')
    fire()
    expect(opened[1]?.written).toEqual(['a\n'])
    opened[1]?.settle(true)
    expect(route.hasRoomFor(1)).toBe(true)
  })

  test('it is tried less and less often, and from the start again once it has written', () => {
    const { route, opened, timers, fire } = setUp()
    const waits: (number | undefined)[] = []
    for (let i = 0; i < 6; i++) {
      opened.at(-1)?.break()
      waits.push(timers[0]?.ms)
      fire()
    }
    route.push('a')
    fire()
    opened.at(-1)?.settle(true)
    opened.at(-1)?.break()
    expect([...waits, timers[0]?.ms]).toEqual([5000, 10_000, 20_000, 40_000, 60_000, 60_000, 5000])
  })

  test('that loses records while it is closed neither says so for ever nor is opened again', async () => {
    const { route, opened, timers, losing } = setUp()
    route.push('a')
    const closing = route.close()
    opened[0]?.settle(false)
    opened[0]?.break()
    await closing
    expect([losing(), timers.length, opened.length]).toEqual([[0, 0], 0, 1])
  })

  test('one that was losing records is not said to do so any more when it is closed', async () => {
    const { route, opened, fire, losing } = setUp()
    route.push('a')
    fire()
    opened[0]?.settle(false)
    await route.close()
    expect(losing()).toEqual([0, 1, 0])
  })

  test('closed, it is not opened again', async () => {
    const { route, opened, timers } = setUp()
    opened[0]?.break()
    await route.close()
    expect([timers.length, opened.length]).toEqual([0, 1])
  })
})
