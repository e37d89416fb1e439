import { describe, expect, test } from '@jest/globals'
import type { Decider, HandlerOptions } from '../../src/check/handler.ts'
import type { Outcome } from '../../src/model.ts'
import { AT_MS } from '../support/edge-samples.ts'
import { setUp } from './handler-set-up.ts'

describe('one turn of the event loop', () => {
  function inTurns(decider: Partial<Decider> = {}, over: Partial<HandlerOptions> = {}) {
    const deferred: (() => void)[] = []
    const ids = ['a', 'b', 'c']
    const defer = (run: () => void) => void deferred.push(run)
    const set = setUp(decider, { defer, newId: () => ids.shift() ?? '', ...over })
    /** Ends the turn, and lets what follows from it happen. */
    const end = async () => {
      const due = deferred.splice(0)
      for (const run of due) run()
      for (let i = 0; i < 10; i++) await Promise.resolve()
      return due.length
    }
    return { ...set, end }
  }

  test('what comes in it is decided when it ends, all at once and in the order of coming', async () => {
    const { ask, seen, end } = inTurns()
    const asked = [ask(), ask()]
    expect(seen).toEqual([])
    expect(await end()).toBe(1)
    expect(seen.map(({ id }) => id)).toEqual(['a', 'b'])
    expect((await Promise.all(asked)).map(({ status }) => status.code)).toEqual([0, 0])
  })

  test('what comes after the answers is done when the next one ends, and one that fails does not stop the rest', async () => {
    const finished: string[] = []
    const finish = ({ check }: Outcome) => {
      finished.push(check.id)
      if (check.id === 'a') throw new Error('boom')
    }
    const { ask, meter, end } = inTurns({ finish })
    const asked = [ask(), ask()]
    await end()
    await Promise.all(asked)
    expect(finished).toEqual([])
    expect(await end()).toBe(1)
    expect(finished).toEqual(['a', 'b'])
    expect(meter.counted).toMatchObject([{ name: 'vigil_audit_dropped_total' }])
    const third = ask()
    await end()
    await third
    await end()
    expect(finished).toEqual(['a', 'b', 'c'])
  })

  test('who comes while there is room has it, however many come after in the same turn', async () => {
    const { ask, end } = inTurns({}, { maxInFlight: 2 })
    const asked = [ask(), ask(), ask()]
    await end()
    const bodies = (await Promise.all(asked)).map((response) => response.denied_response?.body)
    expect(bodies).toEqual([undefined, undefined, 'check.capacity.exceeded'])
  })

  test('waiting for its end is part of how long a check took', async () => {
    const tookMs: number[] = []
    let nowMs = 1000
    const clock = { nowMs: () => AT_MS, monotonicMs: () => nowMs }
    const { ask, end } = inTurns(
      { finish: (_outcome, durationMs) => void tookMs.push(durationMs) },
      { clock },
    )
    const asked = ask()
    nowMs += 7
    await end()
    await asked
    await end()
    expect(tookMs).toEqual([7])
  })
})
