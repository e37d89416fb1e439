import { jest } from '@jest/globals'
import { createCheckHandler, type Decider, type HandlerOptions } from '../../src/check/handler.ts'
import { decodeResponse, encodeRequest } from '../../src/check/wire.ts'
import type { Caller, Check, Outcome } from '../../src/model.ts'
import {
  AT_MS,
  ID,
  refusedAnswer,
  sampleOutcome,
  spyLog,
  spyMeter,
  wireRequest,
} from '../support/edge-samples.ts'

export const GOOD = encodeRequest(wireRequest())
export const LOCAL: Caller = { state: 'local', sans: [] }
export const SECRET = 'hunter2'

export function outright(check: Check, failure: string): Outcome {
  const isDenial = failure === 'check.caller.refused'
  return {
    check,
    decision: {
      effect: 'deny',
      reasons: [failure],
      failure: 'check.fault.unexpected',
      shadow: [],
      degraded: [],
    },
    answer: { ...refusedAnswer(isDenial ? 403 : 503), body: failure },
  }
}

/** A handler before a decider that lets pass, unless a test says otherwise. */
export function setUp(decider: Partial<Decider> = {}, over: Partial<HandlerOptions> = {}) {
  const meter = spyMeter()
  const log = spyLog()
  const seen: Check[] = []
  const finished: Outcome[] = []
  let elapsedMs = 0
  const handler = createCheckHandler(
    () => ({
      decide: async (check) => {
        seen.push(check)
        return sampleOutcome({ check })
      },
      finish: (outcome) => {
        finished.push(outcome)
      },
      refuse: outright,
      abandon: () => undefined,
      ...decider,
    }),
    {
      deadlineMs: 150,
      maxInFlight: 10,
      clock: { nowMs: () => AT_MS, monotonicMs: () => elapsedMs },
      newId: () => ID,
      defer: (run) => run(),
      meter,
      log,
      ...over,
    },
  )
  const ask = async (bytes: Buffer = GOOD, caller: Caller = LOCAL) =>
    decodeResponse(await handler.handle(bytes, caller))
  /** Timers ring and the clock goes on. */
  const pass = async (ms: number) => {
    elapsedMs += ms
    await jest.advanceTimersByTimeAsync(ms)
  }
  return { handler, ask, pass, meter, log, seen, finished }
}
