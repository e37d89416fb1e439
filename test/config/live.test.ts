import { describe, expect, test } from '@jest/globals'
import { createLive, type LiveOptions } from '../../src/config/live.ts'
import type { LocatedProblem } from '../../src/config/located.ts'
import type { Read } from '../../src/config/read.ts'
import { fakeLog, fakeMeter } from '../store/fakes.ts'
import { fakeTimers } from '../support/timers.ts'

const good = (value: string): Read<string> => ({ ok: true, value })
const bad: Read<string> = {
  ok: false,
  problems: [{ file: 'vigil.yaml', line: 3, column: 7, message: 'unknown key actoins' }],
}

const noEvent = (_name?: string): void => undefined

/** Timers that run when told, and a watch that is told what to see. */
function open(options: Partial<LiveOptions<string>> = {}, refused?: readonly LocatedProblem[]) {
  const timers = fakeTimers()
  const seen = { event: noEvent, lost: () => undefined, closed: 0, folders: [] as string[] }
  const rules = { event: noEvent, opened: 0, closed: 0, isThere: false }
  const log = fakeLog()
  const meter = fakeMeter()
  const used: string[] = []
  const files: Read<string>[] = []
  const live = createLive<string>(
    {
      file: '/etc/vigil/vigil.yaml',
      read: () => Promise.resolve(files.shift() ?? good('first')),
      hashOf: (value) => `hash of ${value}`,
      use: async (value) => void used.push(value),
      meter,
      log,
      schedule: timers.schedule,
      watchFolder: (folder, onEvent, onLost) => {
        if (folder === '/etc/vigil/policy') {
          if (!rules.isThere) throw new Error('there is no such folder')
          Object.assign(rules, { event: onEvent, opened: rules.opened + 1 })
          return { close: () => rules.closed++ }
        }
        seen.folders.push(folder)
        Object.assign(seen, { event: onEvent, lost: onLost })
        return { close: () => seen.closed++ }
      },
      ...options,
    },
    'first',
    refused,
  )
  /** Runs the timers of this length that stand now, and lets what they began come to an end. */
  const elapse = async (ms: number) => {
    const due = timers.take(ms)
    for (const { run } of due) run()
    for (let i = 0; i < 10; i++) await Promise.resolve()
    return due.length
  }
  const gauge = (name: string) => meter.counts[`vigil_config_${name}{}`]
  const reloads = (result: string) => meter.counts[`vigil_config_reloads_total{result=${result}}`] ?? 0
  return { live, seen, rules, log, used, files, elapse, gauge, reloads }
}

describe('a reload', () => {
  test('puts what is new in use, in one step, and tells the generation', async () => {
    const { live, files, used, gauge, reloads } = open()
    files.push(good('second'))
    expect(await live.reload()).toBe('changed')
    expect([used, gauge('generation'), gauge('last_reload_successful'), reloads('changed')]).toEqual([
      ['second'],
      2,
      1,
      1,
    ])
  })

  test('tells of the new generation what it is asked to, such as how many rules there are', async () => {
    const { live, files, log } = open({ summaryOf: (value) => ({ rules: value.length }) })
    files.push(good('second'))
    await live.reload()
    expect(log.lines).toEqual([
      'info configuration changed {"generation":2,"hash":"hash of second","rules":6}',
    ])
  })

  test('tells what is hardly meant in the new generation', async () => {
    const { live, files, log } = open()
    const warnings = [{ file: 'vigil.yaml', line: 2, column: 1, message: 'no actions' }]
    files.push({ ok: true, value: 'second', warnings })
    expect(await live.reload()).toBe('changed')
    expect(log.lines.at(-1)).toBe('warn configuration warning {"warning":"vigil.yaml:2:1: no actions"}')
  })

  test('leaves everything as it is when the file is bad: one line, one count, the gauge at 0', async () => {
    const { live, files, used, gauge, reloads, log } = open()
    files.push(bad)
    expect(await live.reload()).toBe('refused')
    expect([used, gauge('generation'), gauge('last_reload_successful'), reloads('refused')]).toEqual([
      [],
      1,
      0,
      1,
    ])
    expect(log.lines).toEqual([
      'error configuration refused, the one before stays in use {"problems":["vigil.yaml:3:7: unknown key actoins"],"count":1}',
    ])
  })

  test('tells the first five problems of a bad file, and how many there are', async () => {
    const { live, files, log } = open()
    const problems = Array.from({ length: 7 }, (_, i) => ({
      file: 'v.yaml',
      line: i + 1,
      column: 1,
      message: 'no',
    }))
    files.push({ ok: false, problems })
    await live.reload()
    const [line = ''] = log.lines
    expect(JSON.parse(line.slice(line.indexOf('{')))).toEqual({
      problems: [1, 2, 3, 4, 5].map((at) => `v.yaml:${at}:1: no`),
      count: 7,
    })
  })

  test('of a file that is good again, also when it is the one in use, lifts the gauge', async () => {
    const { live, files, used, gauge, log } = open()
    files.push(bad, good('first'), good('first'))
    await live.reload()
    expect(await live.reload()).toBe('unchanged')
    expect([used, gauge('generation'), gauge('last_reload_successful')]).toEqual([[], 1, 1])
    await live.reload()
    // Said once: a file that stays good is no news.
    expect(log.lines.slice(1)).toEqual([
      'info configuration is good again {"generation":1,"hash":"hash of first"}',
    ])
  })

  test('that cannot be put in use counts as none, and the next one works', async () => {
    const failures = [new Error('no'), undefined]
    const { live, files, gauge, log } = open({
      use: async () => {
        const failure = failures.shift()
        if (failure !== undefined) throw failure
      },
    })
    files.push(good('second'), good('second'))
    await expect(live.reload()).rejects.toThrow('no')
    expect([gauge('generation'), gauge('last_reload_successful'), log.lines.length]).toEqual([1, 0, 1])
    expect(await live.reload()).toBe('changed')
    expect([gauge('generation'), gauge('last_reload_successful')]).toEqual([2, 1])
  })

  test('waits for the one before it, so that the newest content wins', async () => {
    const answers: ((read: Read<string>) => void)[] = []
    const { live, used } = open({ read: () => new Promise((resolve) => void answers.push(resolve)) })
    const both = Promise.all([live.reload(), live.reload()])
    await Promise.resolve()
    expect(answers).toHaveLength(1)
    answers[0]?.(good('older'))
    for (let i = 0; i < 10; i++) await Promise.resolve()
    answers[1]?.(good('newer'))
    expect(await both).toEqual(['changed', 'changed'])
    expect(used).toEqual(['older', 'newer'])
  })
})

describe('a mistake that stays', () => {
  test('is told once, not with every look, and again when it is another one or was mended in between', async () => {
    const { files, elapse, reloads, log } = open()
    const look = async (read: Read<string>) => {
      files.push(read)
      await elapse(10_000)
      await elapse(50)
    }
    for (let i = 0; i < 3; i++) await look(bad)
    expect(reloads('refused')).toBe(1)
    expect(log.lines.filter((line) => line.startsWith('error'))).toHaveLength(1)
    const other: Read<string> = {
      ok: false,
      problems: [{ file: 'vigil.yaml', line: 4, column: 1, message: 'x' }],
    }
    await look(other)
    expect(reloads('refused')).toBe(2)
    await look(good('second'))
    await look(other)
    expect(reloads('refused')).toBe(3)
  })

  test('is told to whoever asks or edits', async () => {
    const { live, files, seen, elapse, reloads } = open()
    files.push(bad, bad, bad)
    expect([await live.reload(), await live.reload()]).toEqual(['refused', 'refused'])
    seen.event()
    await elapse(50)
    expect(reloads('refused')).toBe(3)
  })
})

describe('a mistake, and another file written beside it', () => {
  const alone: readonly [string, string, number][] = [
    ['the log of Vigil itself, into which the mistake was written', 'vigil.log', 1],
    ['the file itself, saved again', 'vigil.yaml', 2],
    ['the link of a ConfigMap', '..data', 2],
  ]
  test.each(alone)('%s', async (_, name, count) => {
    const { files, seen, elapse, reloads, log, gauge } = open()
    files.push(bad, bad)
    for (const event of ['vigil.yaml', name]) {
      seen.event(event)
      await elapse(50)
    }
    expect(reloads('refused')).toBe(count)
    expect(log.lines.filter((line) => line.startsWith('error'))).toHaveLength(count)
    expect(gauge('last_reload_successful')).toBe(0)
  })

  test('it is read, all the same: it may be a key set that the configuration names', async () => {
    const { files, seen, elapse, reloads, used } = open()
    files.push(bad, good('second'))
    seen.event('idp.jwks.json')
    await elapse(50)
    expect(reloads('refused')).toBe(1)
    seen.event('idp.jwks.json')
    await elapse(50)
    expect(used).toEqual(['second'])
  })

  test('of the folder of rules: rules are an edit, what is none is told once', async () => {
    const { files, rules, elapse, reloads } = open()
    rules.isThere = true
    files.push(good('first'), bad, bad, bad)
    await elapse(10_000)
    await elapse(50)
    for (const [event, count] of [
      ['team.yaml', 1],
      ['team.yaml', 2],
      ['vigil.log', 2],
    ] as const) {
      rules.event(event)
      await elapse(50)
      expect(reloads('refused')).toBe(count)
    }
  })
})

describe('watching', () => {
  test('is of the folder, and many events are one reload after they have settled', async () => {
    const { seen, files, used, elapse } = open()
    files.push(good('second'), good('third'))
    expect(seen.folders).toEqual(['/etc/vigil'])
    for (let i = 0; i < 5; i++) seen.event()
    expect(await elapse(50)).toBe(1)
    expect(used).toEqual(['second'])
  })

  test('a file that is written beside it all the time does not hold a reload back for ever', async () => {
    const { seen, elapse, files, used } = open()
    files.push(good('second'))
    // Each event would begin the settling time anew.
    for (let i = 0; i < 1000; i++) seen.event()
    expect(await elapse(50)).toBe(1)
    expect(used).toEqual(['second'])
    for (let i = 0; i < 3; i++) seen.event()
    expect(await elapse(50)).toBe(1)
  })

  test('a slow look sees what the file system does not tell', async () => {
    const { elapse, files, used } = open()
    files.push(good('second'), good('third'))
    for (const expected of [['second'], ['second', 'third']]) {
      expect(await elapse(10_000)).toBe(1)
      await elapse(50)
      expect(used).toEqual(expected)
    }
  })

  test('a folder that cannot be watched, or no longer, is said and looked at', async () => {
    const broken = open({
      watchFolder: () => {
        throw new Error('no inotify instances left')
      },
    })
    broken.files.push(good('second'))
    expect(await broken.elapse(10_000)).toBe(1)
    await broken.elapse(50)
    expect(broken.used).toEqual(['second'])
    const lost = open()
    lost.seen.lost()
    expect([broken.log.lines[0], lost.log.lines[0]]).toEqual([
      expect.stringContaining('looked at every 10 s'),
      expect.stringContaining('looked at every 10 s'),
    ])
  })

  test('the folder of rules beside it may come later, and is watched anew with every reload', async () => {
    const { rules, seen, files, used, elapse, log } = open()
    expect(log.lines).toEqual([])
    rules.isThere = true
    seen.event()
    await elapse(50)
    expect([rules.opened, rules.closed]).toEqual([1, 0])
    files.push(good('second'))
    rules.event()
    expect(await elapse(50)).toBe(1)
    expect([used, rules.opened, rules.closed]).toEqual([['second'], 2, 1])
    rules.isThere = false
    await elapse(10_000)
    await elapse(50)
    expect([rules.opened, rules.closed]).toEqual([2, 2])
  })

  test('ends with close', async () => {
    const { live, seen, rules, elapse } = open()
    rules.isThere = true
    seen.event()
    await elapse(50)
    seen.event()
    live.close()
    seen.event()
    expect([await elapse(50), await elapse(10_000), seen.closed]).toEqual([0, 0, 1])
    expect([rules.opened, rules.closed]).toEqual([1, 1])
  })
})

describe('after a start from the last good configuration', () => {
  const problems = bad.ok ? [] : bad.problems
  function begun() {
    let good = 0
    const opened = open({ onGood: () => void good++ }, problems)
    return { ...opened, good: () => good }
  }

  test('the gauge is at 0, and a look that finds the same mistakes says nothing', async () => {
    const { files, elapse, gauge, reloads, log, good } = begun()
    expect(gauge('last_reload_successful')).toBe(0)
    files.push(bad)
    await elapse(10_000)
    await elapse(50)
    expect([log.lines, reloads('refused'), good()]).toEqual([[], 0, 0])
  })

  test('the file with the same configuration ends it, without another generation', async () => {
    const { live, files, used, gauge, log, good: ended } = begun()
    files.push(good('first'))
    expect(await live.reload()).toBe('unchanged')
    expect([used, gauge('last_reload_successful'), gauge('generation'), ended()]).toEqual([[], 1, 1, 1])
    expect(log.lines).toEqual([expect.stringContaining('configuration is good again')])
  })

  test('and so does one with another', async () => {
    const { live, files, used, gauge, good: ended } = begun()
    files.push(good('second'))
    expect(await live.reload()).toBe('changed')
    expect([used, gauge('last_reload_successful'), ended()]).toEqual([['second'], 1, 1])
  })
})
