import { describe, expect, test } from '@jest/globals'
import { createSinkQueue } from '../../src/audit/queue.ts'
import type { Sink } from '../../src/audit/sink.ts'
import { spyLog, spyMeter } from '../support/edge-samples.ts'

/** A sink that writes, blocks and breaks when it is told to. */
function setUp(limit = 3) {
  const meter = spyMeter()
  const log = spyLog()
  const written: string[] = []
  const raw: Uint8Array[] = []
  const settled: ((isWritten: boolean) => void)[] = []
  const scheduled: (() => void)[] = []
  const hooks = {
    hasRoom: true,
    ready: (): unknown => undefined,
    broken: (_reason: string): unknown => undefined,
    closes: 0,
  }
  const sink: Sink = {
    name: 'test',
    write: (lines, onSettled) => {
      written.push(Buffer.from(lines).toString())
      raw.push(lines)
      settled.push(onSettled)
      return hooks.hasRoom
    },
    onReady: (listener) => {
      hooks.ready = listener
    },
    onBroken: (listener) => {
      hooks.broken = listener
    },
    close: async () => {
      hooks.closes++
    },
  }
  const queue = createSinkQueue(sink, {
    limit,
    meter,
    log,
    schedule: (_ms, run) => {
      scheduled.push(run)
      return () => void scheduled.splice(scheduled.indexOf(run), 1)
    },
  })
  const run = () => {
    for (const each of scheduled.splice(0)) each()
  }
  const dropped = () =>
    meter.counted.map(({ value, labels }) => [value, labels?.['sink'], labels?.['reason']])
  return { queue, run, written, raw, settled, hooks, dropped, log, scheduled }
}

describe('the queue before a sink', () => {
  test('records go out together, in order, and not before the answer', () => {
    const { queue, run, written, scheduled } = setUp()
    queue.push('a')
    queue.push('b')
    expect(written).toEqual([])
    expect(scheduled).toHaveLength(1)
    run()
    expect(written).toEqual(['a\nb\n'])
    queue.push('c')
    run()
    expect(written).toEqual(['a\nb\n', 'c\n'])
  })

  test('much that waits goes out at once, and the timer with it', () => {
    const { queue, run, written, scheduled } = setUp(10)
    const large = 'x'.repeat(80_000)
    queue.push(large)
    expect(written).toEqual([])
    queue.push(large)
    expect(written).toEqual([`${large}\n`, `${large}\n`])
    expect(scheduled).toEqual([])
    queue.push('a')
    run()
    expect(written).toEqual([`${large}\n`, `${large}\n`, 'a\n'])
  })

  test('it is bounded: what does not fit is dropped and counted', () => {
    const { queue, run, written, dropped } = setUp(2)
    for (const line of ['a', 'b', 'c', 'd']) queue.push(line)
    run()
    expect(written).toEqual(['a\nb\n'])
    expect(dropped()).toEqual([
      [1, 'test', 'full'],
      [1, 'test', 'full'],
    ])
  })

  test('a blocked sink is left alone until it is ready', () => {
    const { queue, run, written, hooks, dropped } = setUp(2)
    hooks.hasRoom = false
    queue.push('a')
    run()
    for (const line of ['b', 'c', 'd']) queue.push(line)
    run()
    expect(written).toEqual(['a\n'])
    expect(dropped()).toEqual([[1, 'test', 'full']])
    hooks.hasRoom = true
    hooks.ready()
    // What came meanwhile waits for others again: a sink that is soon ready would get it in crumbs.
    expect(written).toEqual(['a\n'])
    queue.push('e')
    expect(dropped()).toHaveLength(2)
    run()
    expect(written).toEqual(['a\n', 'b\nc\n'])
    queue.push('f')
    run()
    expect(written).toEqual(['a\n', 'b\nc\n', 'f\n'])
  })

  test('ready without having been blocked changes nothing', () => {
    const { queue, run, written, hooks } = setUp()
    queue.push('a')
    hooks.ready()
    expect(written).toEqual([])
    run()
    expect(written).toEqual(['a\n'])
  })

  test('a broken sink: what waits and what comes is dropped, counted and said once', () => {
    const { queue, run, written, hooks, dropped, log } = setUp()
    queue.push('a')
    queue.push('b')
    hooks.broken('ENOSPC')
    queue.push('c')
    run()
    expect(written).toEqual([])
    expect(dropped()).toEqual([
      [2, 'test', 'broken'],
      [1, 'test', 'broken'],
    ])
    expect(log.lines).toEqual(['{"event":"audit sink broken","sink":"test","reason":"ENOSPC"}'])
  })

  test('bytes that the sink has not written yet are not used for others', () => {
    const { queue, run, raw, settled } = setUp()
    queue.push('first')
    run()
    queue.push('other')
    expect(Buffer.from(raw[0] ?? []).toString()).toBe('first\n')
    settled[0]?.(true)
    run()
    expect(Buffer.from(raw[0] ?? []).toString()).toBe('first\n')
    expect(Buffer.from(raw[1] ?? []).toString()).toBe('other\n')
  })

  test('lines that the sink took and lost are counted, too', () => {
    const { queue, run, settled, dropped } = setUp()
    queue.push('a')
    queue.push('b')
    run()
    settled[0]?.(false)
    expect(dropped()).toEqual([[2, 'test', 'broken']])
  })

  test('closing flushes, also before a blocked sink, and what comes later is counted', async () => {
    for (const hasRoom of [true, false]) {
      const { queue, run, written, hooks, dropped } = setUp()
      hooks.hasRoom = hasRoom
      queue.push('a')
      run()
      queue.push('b')
      await queue.close()
      expect(written).toEqual(['a\n', 'b\n'])
      expect(hooks.closes).toBe(1)
      queue.push('c')
      run()
      expect(written).toEqual(['a\n', 'b\n'])
      expect(dropped()).toEqual([[1, 'test', 'closed']])
    }
  })
})
