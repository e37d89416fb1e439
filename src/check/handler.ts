import type { FailureCode } from '../errors.ts'
import type { Answer, Caller, Check, Outcome } from '../model.ts'
import type { Clock, Log, Meter } from '../ports.ts'
import { isAllowed } from './caller.ts'
import { decodeRequest } from './decode.ts'
import { encodeResponse } from './encode.ts'
import { toCheck, undecodableCheck } from './request.ts'
import { toCheckResponse } from './response.ts'

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
  /** Larger checks are denied unread; absent: none is. */
  readonly maxMessageBytes?: number
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

  /** @throws when the decider lets pass what it was told to refuse. */
  const refuse = (check: Check, failure: FailureCode): Outcome => {
    const outcome = decider.refuse(check, failure)
    if (isPass(outcome.answer)) throw new Error('a refusal passes')
    return outcome
  }
  const decideOrRefuse = async (check: Check): Promise<Outcome> => {
    try {
      const late = () => refuse(check, 'check.deadline.exceeded')
      const outcome = await withDeadline(decider.decide(check), deadlineMs, late)
      // What could not be read safely never passes, whatever the gate made of it.
      if (check.malformed !== undefined && isPass(outcome.answer)) throw new Error('a malformed check passes')
      return outcome
    } catch (error) {
      log.error('check failed', { decision: check.id, error: nameOf(error) })
      return refuse(check, 'check.fault.unexpected')
    }
  }
  const decide = async (check: Check, caller: Caller): Promise<Outcome> => {
    if (!isAllowed(caller, options.callers)) return refuse(check, 'check.caller.refused')
    if (inFlight > options.maxInFlight) return refuse(check, 'check.capacity.exceeded')
    return decideOrRefuse(check)
  }
  const answer = async (bytes: Buffer, caller: Caller): Promise<Buffer> => {
    const startMs = clock.monotonicMs()
    const check = decode(bytes, { id: options.newId(), atMs: clock.nowMs(), caller }, options.maxMessageBytes)
    const outcome = await decide(check, caller)
    const response = encode(outcome.answer, check, log)
    const durationMs = clock.monotonicMs() - startMs
    options.defer(() => finish(outcome, durationMs))
    return response
  }
  const handle = async (bytes: Buffer, caller: Caller): Promise<Buffer> => {
    inFlight++
    try {
      return await answer(bytes, caller)
    } catch (error) {
      // Not even a refusal could be made. Nothing is recorded, so at least the log says it.
      log.error('answering a check failed', { error: nameOf(error) })
      return lastResort('')
    } finally {
      inFlight--
    }
  }
  const finish = (outcome: Outcome, durationMs: number) => {
    try {
      if (outcome.stages === undefined)
        meter.add('vigil_checks_refused_total', 1, { reason: outcome.decision.reasons[0] })
      decider.finish(outcome, durationMs)
    } catch (error) {
      // The answer stands; what was to be recorded is lost, and that is said.
      log.error('finishing a check failed', { decision: outcome.check.id, error: nameOf(error) })
      meter.add('vigil_audit_dropped_total', 1, { sink: 'all', reason: 'fault' })
    }
  }
  return { handle, inFlight: () => inFlight }
}

/** Anything but a refusal with a status counts as a pass here: this side must err towards refusing. */
const isPass = (answer: Answer): boolean => !('status' in answer)

type Arrival = Parameters<typeof toCheck>[1]

/** Random bytes are an answer, too: a gRPC error could be let pass by an Envoy under failure_mode_allow. */
function decode(bytes: Buffer, arrival: Arrival, maxBytes = Number.POSITIVE_INFINITY): Check {
  if (bytes.length > maxBytes) return undecodableCheck(arrival, 'check.request.oversized')
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
    return lastResort(check.id)
  }
}

function lastResort(decision: string): Buffer {
  const headers = [['retry-after', '1']] as const
  const answer = { effect: 'unavailable', status: 503, headers, body: '', metadata: { decision } } as const
  return encodeResponse(toCheckResponse(answer))
}

/** First of work and deadline; late work is dropped, its failure included, because nobody waits for it. */
function withDeadline<T>(work: Promise<T>, deadlineMs: number, onLate: () => T): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      // Out here nobody would catch: an exception in a timer ends the process.
      try {
        resolve(onLate())
      } catch (error) {
        reject(error)
      }
    }, deadlineMs)
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

const FRAME = /^ {4}at [^\n]+:\d+:\d+\)?$/m

/** The name and place of an error, never its message: messages quote input. */
function nameOf(error: unknown): string {
  if (!(error instanceof Error)) return typeof error
  const { name, message, stack = '' } = error
  // The message stands before the frames and may itself look like one.
  const start = stack.indexOf(message)
  const frames = start === -1 ? '' : stack.slice(start + message.length)
  return `${name} ${FRAME.exec(frames)?.[0].trim() ?? ''}`.trim()
}
