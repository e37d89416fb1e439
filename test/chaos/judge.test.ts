import { describe, expect, test } from '@jest/globals'
import { judge, recoveryOf } from './judge.ts'
import { type AnswerKind, KINDS } from './kinds.ts'
import type { Reached } from './load/app.ts'
import { type Promised, STORE_AWAY, WHOLE } from './promise.ts'
import type { Sample } from './world/children.ts'

const MARKS = { startMs: 1000, feltMs: 2000, stopMs: 3000 }
const PER_SECOND = 1000
const KIND_NAMES = KINDS.filter(({ tokens }) => tokens !== 'retired').map(({ name }) => name)
const isBad = (kind: string) => KINDS.find(({ name }) => name === kind)?.group === 'bad'

/** One request a millisecond over 5 seconds, each kind in its turn. */
function load(answerAt: (ms: number, kind: string) => AnswerKind): Sample[] {
  return Array.from({ length: 5000 }, (_, dueMs) => {
    const kind = KIND_NAMES[dueMs % KIND_NAMES.length] ?? ''
    return { dueMs, kind, answer: answerAt(dueMs, kind), latencyMs: dueMs % 10 }
  })
}

const whole = (_: number, kind: string): AnswerKind => (isBad(kind) ? 'refused' : 'passed')
const inFault = (ms: number) => ms >= MARKS.startMs && ms < MARKS.stopMs
const SECOND = { atMs: 0, method: 'GET', times: 2, hasNonce: true }
const NOTHING: Reached = { byKind: {}, duplicates: [] }
const promise: Promised = { ...WHOLE, says: 'all is well' }
const verdictOn = (samples: readonly Sample[], parts: { promise?: Promised; reached?: Reached } = {}) =>
  judge(parts.promise ?? promise, samples, MARKS, parts.reached ?? NOTHING, PER_SECOND)

test('as promised: nothing to say', () => {
  const verdict = verdictOn(load(whole))
  expect(verdict).toMatchObject({ flaws: [], wrong: {}, repeats: 0, recoveryMs: 0, p99Ms: 9 })
  expect(Object.keys(verdict.during.low)).toEqual(['passed'])
})

describe('a wrong allow', () => {
  test.each(
    KINDS.filter(({ group, shows }) => group === 'bad' && shows !== 'replay').map(({ name }) => name),
  )('one single %s that reached the application', (name) => {
    const { wrong, flaws } = verdictOn(load(whole), { reached: { byKind: { [name]: 1 }, duplicates: [] } })
    expect(wrong).toEqual({ [name]: 1 })
    expect(flaws).toEqual([`1 WRONG ALLOWS: ${name}`])
  })

  test('what reached the application without a mark', () => {
    expect(
      verdictOn(load(whole), { reached: { byKind: { unmarked: 1 }, duplicates: [] } }).flaws,
    ).toHaveLength(1)
  })

  test('a proof that passed again', () => {
    const reached = { byKind: {}, duplicates: [{ ...SECOND, atMs: 1500 }] }
    expect(verdictOn(load(whole), { reached }).wrong).toEqual({ replay: 1 })
  })

  test('where a proof may pass once at each Vigil: not a third time, not beforehand, not for ever', () => {
    const proofs = { times: 2, untilMs: 1000 }
    const at = (atMs: number, times: number, parts: object = {}) =>
      verdictOn(load(whole), {
        promise: { ...promise, proofs },
        reached: { byKind: {}, duplicates: [{ ...SECOND, atMs, times, ...parts }] },
      })
    expect(at(1500, 2)).toMatchObject({ wrong: {}, repeats: 1, flaws: [] })
    const wrongs = [
      at(1500, 3),
      at(999, 2),
      at(2000, 2),
      at(1500, 2, { method: 'POST' }),
      at(1500, 2, { hasNonce: false }),
    ]
    for (const wrong of wrongs) expect(wrong.wrong).toEqual({ replay: 1 })
  })
})

describe('answers that are not promised', () => {
  const someLost = (share: number) =>
    load((ms, kind) =>
      inFault(ms) && kind === 'bearer-high' && (ms / KIND_NAMES.length) % 1 < 1 && (ms >> 4) % 100 < share
        ? 'envoy'
        : whole(ms, kind),
    )

  test('a few in a hundred may be, as on any busy machine', () => {
    expect(verdictOn(someLost(2)).flaws).toEqual([])
  })

  test('many are told, with their number', () => {
    expect(verdictOn(someLost(60)).flaws).toEqual([
      expect.stringMatching(/^high: \d+ envoy of \d+ not promised$/),
    ])
  })

  test('not one may be where the promise is exact', () => {
    const one = load((ms, kind) => (ms === 1002 + 0 ? 'envoy' : whole(ms, kind)))
    expect(verdictOn(one).flaws).toEqual([])
    expect(verdictOn(one, { promise: { ...promise, isExact: true } }).flaws).toHaveLength(1)
  })

  test('a group that was not asked at all has not shown anything', () => {
    const without = load(whole).filter(({ kind }) => kind !== 'dpop-high')
    expect(verdictOn(without).flaws).toContain('highBound: nothing was asked')
  })
})

describe('answers that must be', () => {
  const away: Promised = { ...STORE_AWAY, says: '' }
  const answers = (felt: number) =>
    load((ms, kind) => {
      if (ms < felt || ms >= MARKS.stopMs || isBad(kind)) return whole(ms, kind)
      return kind.endsWith('-high') ? 'unavailable' : 'degraded'
    })

  test('from when the fault is felt', () => {
    expect(verdictOn(answers(1900), { promise: away }).flaws).toEqual([])
  })

  test('a handful may be late, and no more', () => {
    const late = (most: number) => {
      let count = 0
      const samples = load((ms, kind) => {
        const isLate = ms >= 2500 && kind === 'bearer-high' && ++count <= most
        return ms < 1900 || ms >= MARKS.stopMs || isBad(kind) || isLate
          ? whole(ms, kind)
          : kind.endsWith('-high')
            ? 'unavailable'
            : 'degraded'
      })
      return verdictOn(samples, { promise: away }).flaws
    }
    expect(late(6)).toEqual([])
    expect(late(12)).toEqual([expect.stringMatching(/^high: \d+ of \d+ unavailable$/)])
  })

  test('and not much later', () => {
    const { flaws } = verdictOn(answers(2500), { promise: away })
    expect(flaws).toHaveLength(4)
    expect(flaws[0]).toMatch(/^low: \d+ of \d+ degraded$/)
  })

  test('a high action that goes on without the store is a flaw although it passes', () => {
    const open = load((ms, kind) => (inFault(ms) && !isBad(kind) ? 'degraded' : whole(ms, kind)))
    expect(verdictOn(open, { promise: away }).flaws).toContainEqual(
      expect.stringMatching(/^high: \d+ degraded of/),
    )
  })
})

describe('recovery', () => {
  test('ends the last moment in which something that may pass did not', () => {
    const late = load((ms, kind) => (ms >= 3000 && ms < 3450 && !isBad(kind) ? 'degraded' : whole(ms, kind)))
    expect(recoveryOf(late, MARKS.stopMs, PER_SECOND)).toBe(500)
  })

  test('what is refused and may be says nothing of it', () => {
    expect(recoveryOf(load(whole), MARKS.stopMs, PER_SECOND)).toBe(0)
  })

  test('has not come while answers are missing, or are wrong to the end', () => {
    const missing = load(whole).filter(({ dueMs }) => dueMs < 3000 || dueMs % 2 === 0)
    const never = load((ms, kind) => (ms >= 3000 && !isBad(kind) ? 'degraded' : whole(ms, kind)))
    for (const samples of [missing, never]) {
      expect(recoveryOf(samples, MARKS.stopMs, PER_SECOND)).toBeUndefined()
      expect(verdictOn(samples).flaws).toEqual(['it did not recover'])
    }
  })
})
