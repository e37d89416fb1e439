/** What the tests of the failure table share: docs/failures.md, each row through the whole pipeline. */
import { afterEach, describe, expect, jest } from '@jest/globals'
import type { Answer, Check, Outcome, Sensitivity } from '../../src/model.ts'
import { type Store, StoreUnavailable } from '../../src/store/store.ts'
import type { TestApp } from '../harness/app.ts'
import { makeCheck } from '../harness/requests.ts'
import { AUDIENCE, issuerOf, mintAccessToken, NOW_MS } from '../harness/tokens.ts'

export const LOW = ['low', 'medium'] as const
export const HIGH = ['high', 'critical'] as const
export const ALL = [...LOW, ...HIGH] as const

const cleanups: (() => void)[] = []

/** Runs when the test is over. */
export const atEnd = (run: () => void): void => void cleanups.push(run)

/** The tests of one row; `table.test.ts` looks for these names. */
export function row(name: string, tests: () => void): void {
  describe(`failure row: ${name}`, () => {
    afterEach(() => {
      for (const cleanup of cleanups.splice(0)) cleanup()
      jest.useRealTimers()
    })
    tests()
  })
}

/** One action per sensitivity, at `/v1/<sensitivity>`. */
export const settings = (extra: Record<string, unknown> = {}, issuer: Record<string, unknown> = {}) => ({
  identity: { issuers: [issuerOf({ claims: ['level'], ...issuer })] },
  entrypoints: [{ name: 'gateway', externalOrigins: [AUDIENCE] }],
  actions: ALL.map((sensitivity) => ({
    name: sensitivity,
    match: { paths: [`/v1/${sensitivity}`] },
    sensitivity,
  })),
  ...extra,
})

let attempts = 0
/** Of its own, so that no check is the retry of another. */
export const newAttempt = (): string => `attempt ${++attempts}`

export const checkOf = (
  sensitivity: Sensitivity,
  headers: Record<string, string>,
  parts: Partial<Omit<Check, 'headers'>> = {},
): Check =>
  makeCheck({
    atMs: NOW_MS + 1000,
    attempt: newAttempt(),
    path: `/v1/${sensitivity}`,
    headers,
    ...parts,
  })

export const bearer = (claims: Record<string, unknown> = {}) => ({
  authorization: `Bearer ${mintAccessToken({ claims })}`,
})

/** Decides a check with a good token. */
export const ask = (app: TestApp, sensitivity: Sensitivity, parts: Partial<Omit<Check, 'headers'>> = {}) =>
  app.decide(checkOf(sensitivity, bearer(), parts))

export const headerOf = (answer: Answer, name: string): string | undefined =>
  'headers' in answer ? answer.headers.find(([key]) => key === name)?.[1] : undefined

/** 503 with Retry-After, for this reason. */
export function expectUnavailable({ decision, answer }: Outcome, failure: string): void {
  expect(decision).toMatchObject({ effect: 'unavailable', failure })
  expect(answer).toMatchObject({ effect: 'unavailable', status: 503 })
  expect(headerOf(answer, 'retry-after')).toBe('1')
}

/** Every access ends with this error. */
export const storeThatFails = (error: () => Error): Store => ({
  kind: 'redis',
  read: () => Promise.reject(error()),
  update: () => Promise.reject(error()),
  health: () => Promise.resolve({ isReachable: false, degraded: [] }),
  close: () => Promise.resolve(),
})
export const lost = () => storeThatFails(() => new StoreUnavailable('unreachable'))
