import { describe, expect, test } from '@jest/globals'
import { createLive } from '../../src/config/live.ts'
import type { Read } from '../../src/config/read.ts'
import { fakeLog, fakeMeter } from '../store/fakes.ts'

/** A folder that cannot be watched: only SIGHUP and the slow look are left, and the test owns both. */
const FILE = '/no-such-folder/vigil.yaml'
const good = (value: string): Read<string> => ({ ok: true, value })
const bad = (message: string): Read<string> => ({
  ok: false,
  problems: [{ file: FILE, line: 3, column: 5, message }],
})

function start(first = 'one') {
  const timers: { ms: number; run: () => void }[] = []
  const used: string[] = []
  const meter = fakeMeter()
  const log = fakeLog()
  let next: Read<string> | Error = good(first)
  const live = createLive<string>(
    {
      file: FILE,
      read: async () => {
        if (next instanceof Error) throw next
        return next
      },
      hashOf: (value) => value,
      use: async (value) => void used.push(value),
      meter,
      log,
      schedule: (ms, run) => {
        const timer = { ms, run }
        timers.push(timer)
        return () => {
          if (timers.includes(timer)) timers.splice(timers.indexOf(timer), 1)
        }
      },
    },
    first,
  )
  /** Lets the timer of this many milliseconds ring, and everything that follows from it happen. */
  const ring = async (ms: number) => {
    const at = timers.findIndex((timer) => timer.ms === ms)
    expect(at).not.toBe(-1)
    timers.splice(at, 1)[0]?.run()
    await new Promise((resolve) => setImmediate(resolve))
  }
  const look = async () => {
    await ring(10_000)
    await ring(50)
  }
  const write = (text: Read<string> | Error) => {
    next = text
  }
  return { live, used, meter, log, timers, look, write }
}

const REFUSED = 'vigil_config_reloads_total{result=refused}'
const CHANGED = 'vigil_config_reloads_total{result=changed}'
const SUCCESSFUL = 'vigil_config_last_reload_successful{}'
const GENERATION = 'vigil_config_generation{}'

describe('live configuration', () => {
  test('a good edit is put in use and counted, the same content is not', async () => {
    const { live, used, meter, write } = start()
    expect(meter.counts).toMatchObject({ [SUCCESSFUL]: 1, [GENERATION]: 1 })
    expect(await live.reload()).toBe('unchanged')
    write(good('two'))
    expect(await live.reload()).toBe('changed')
    expect(used).toEqual(['two'])
    expect(meter.counts).toMatchObject({ [SUCCESSFUL]: 1, [GENERATION]: 2, [CHANGED]: 1 })
  })

  test('a bad edit changes nothing, says its place in one line, and is over when the file is good again', async () => {
    const { live, used, meter, log, write } = start()
    write(bad('unknown key'))
    expect(await live.reload()).toBe('refused')
    expect(used).toEqual([])
    expect(meter.counts).toMatchObject({ [SUCCESSFUL]: 0, [GENERATION]: 1, [REFUSED]: 1 })
    expect(log.lines.filter((line) => line.startsWith('error'))).toEqual([
      expect.stringContaining(`${FILE}:3:5: unknown key`),
    ])
    write(good('one'))
    expect(await live.reload()).toBe('unchanged')
    expect(meter.counts).toMatchObject({ [SUCCESSFUL]: 1, [GENERATION]: 1 })
  })

  test('the slow look finds an edit that nobody told of, and tells a mistake once, not every time it looks', async () => {
    const { used, meter, log, look, write } = start()
    write(good('two'))
    await look()
    expect(used).toEqual(['two'])
    write(bad('unknown key'))
    for (let i = 0; i < 3; i++) await look()
    expect(meter.counts).toMatchObject({ [REFUSED]: 1, [SUCCESSFUL]: 0 })
    expect(log.lines.filter((line) => line.startsWith('error'))).toHaveLength(1)
    write(bad('another one'))
    await look()
    expect(meter.counts[REFUSED]).toBe(2)
    write(good('two'))
    await look()
    write(bad('another one'))
    await look()
    expect(meter.counts).toMatchObject({ [REFUSED]: 3, [SUCCESSFUL]: 0, [GENERATION]: 2 })
  })

  test('who asks for a reload is always told, also of the same mistake', async () => {
    const { live, meter, write } = start()
    write(bad('unknown key'))
    expect([await live.reload(), await live.reload()]).toEqual(['refused', 'refused'])
    expect(meter.counts[REFUSED]).toBe(2)
  })

  test('overlapping reloads come one after the other, and one that fails does not stop the next', async () => {
    const { live, used, write } = start()
    write(new Error('no disk'))
    const failed = live.reload()
    await expect(failed).rejects.toThrow('no disk')
    write(good('two'))
    expect(await Promise.all([live.reload(), live.reload()])).toEqual(['changed', 'unchanged'])
    expect(used).toEqual(['two'])
  })

  test('closed, it looks no more', () => {
    const { live, timers } = start()
    live.close()
    expect(timers).toEqual([])
  })
})
