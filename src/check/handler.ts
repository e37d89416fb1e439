import type { FailureCode } from '../errors.ts'
import type { Answer, Caller, Check, Outcome } from '../model.ts'
import type { Clock, Log, Meter } from '../ports.ts'
import { isAllowed } from './caller.ts'
import { toCheck, undecodableCheck } from './request.ts'
import { toCheckResponse } from './response.ts'
import { decodeRequest, encodeResponse } from './wire.ts'

/** What stands behind the edge. */
export interface Decider {
  /** The pipeline. May reject on a bug; the edge then answers 503. */
  decide(check: Check): Promise<Outcome>
  /** Called once after the answer has gone: audit, learning, metrics. */
  finish(outcome: Outcome, durationMs: number): void
  /** The outcome for a check that the pipeline never judged. Its answer must be a refusal. */
  refuse(check: Check, failure: FailureCode): Outcome
}

export interface HandlerOptions {
  readonly deadlineMs: number
  readonly maxInFlight: number
  readonly callers?: readonly string[] | undefined
  readonly clock: Clock
  readonly newId: () => string
  /** Runs something after the answer has gone: `setImmediate` in the service. */
  readonly defer: (run: () => void) => void
  readonly meter: Meter
  readonly log: Log
}

export interface CheckHandler {
  /** Bytes in, bytes out; always resolves, never rejects, within the deadline. */
  handle(bytes: Buffer, caller: Caller): Promise<Buffer>
  readonly inFlight: () => number
}

/** The one place where the unexpected is caught. Whatever happens, Envoy gets a CheckResponse that says so. */
export function createCheckHandler(decider: Decider, options: HandlerOptions): CheckHandler {
  const { clock, meter, log, deadlineMs } = options
  let inFlight = 0

  const decideOrRefuse = async (check: Check): Promise<Outcome> => {
    try {
      return await withDeadline(decider.decide(check), deadlineMs, () =>
        decider.refuse(check, 'check.deadline.exceeded'),
      )
    } catch (error) {
      log.error('check failed', { decision: check.id, error: nameOf(error) })
      return decider.refuse(check, 'check.fault.unexpected')
    }
  }
  const decide = async (check: Check, caller: Caller): Promise<Outcome> => {
    if (inFlight > options.maxInFlight) return decider.refuse(check, 'check.capacity.exceeded')
    if (!isAllowed(caller, options.callers)) return decider.refuse(check, 'check.caller.refused')
    return decideOrRefuse(check)
  }
  const handle = async (bytes: Buffer, caller: Caller): Promise<Buffer> => {
    const startMs = clock.monotonicMs()
    inFlight++
    try {
      const check = decode(bytes, { id: options.newId(), atMs: clock.nowMs(), caller })
      const outcome = await decide(check, caller)
      const response = encode(outcome.answer, check, log)
      if (outcome.stages === undefined)
        meter.add('vigil_checks_refused_total', 1, { reason: outcome.decision.reasons[0] })
      const durationMs = clock.monotonicMs() - startMs
      options.defer(() => finish(outcome, durationMs))
      return response
    } finally {
      inFlight--
    }
  }
  const finish = (outcome: Outcome, durationMs: number) => {
    try {
      decider.finish(outcome, durationMs)
    } catch (error) {
      // The answer stands; what was to be recorded is lost, and that is said.
      log.error('finishing a check failed', { decision: outcome.check.id, error: nameOf(error) })
      meter.add('vigil_audit_dropped_total', 1, { sink: 'all', reason: 'fault' })
    }
  }
  return { handle, inFlight: () => inFlight }
}

type Arrival = Parameters<typeof toCheck>[1]

/** Random bytes are an answer, too: a gRPC error could be let pass by an Envoy under failure_mode_allow. */
function decode(bytes: Buffer, arrival: Arrival): Check {
  try {
    return toCheck(decodeRequest(bytes), arrival)
  } catch {
    // The failure row is the gate's: a check marked undecodable is denied, recorded and counted.
    return undecodableCheck(arrival)
  }
}

/** A refusal that cannot be encoded (impossible by its types) is still a refusal. */
function encode(answer: Answer, check: Check, log: Log): Buffer {
  try {
    return encodeResponse(toCheckResponse(answer))
  } catch (error) {
    log.error('encoding an answer failed', { decision: check.id, error: nameOf(error) })
    return encodeResponse(
      toCheckResponse({
        effect: 'unavailable',
        status: 503,
        headers: [],
        body: '',
        metadata: { decision: check.id },
      }),
    )
  }
}

/** First of work and deadline; late work is dropped, its failure included, because nobody waits for it. */
function withDeadline<T>(work: Promise<T>, deadlineMs: number, onLate: () => T): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => resolve(onLate()), deadlineMs)
    const settle = (act: () => void) => {
      clearTimeout(timer)
      act()
    }
    work.then(
      (value) => settle(() => resolve(value)),
      (error: unknown) => settle(() => reject(error)),
    )
  })
}

/** The name and place of an error, never its message: messages quote input. */
function nameOf(error: unknown): string {
  if (!(error instanceof Error)) return typeof error
  const place =
    error.stack
      ?.split('\n')
      .find((line) => line.includes(' at '))
      ?.trim() ?? ''
  return `${error.name} ${place}`.trim()
}
