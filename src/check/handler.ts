import type { FailureCode } from '../errors.ts'
import { flatCopy } from '../lib/flat.ts'
import type { Answer, Caller, Check, Outcome } from '../model.ts'
import type { Clock, Log, Meter } from '../ports.ts'
import { isAllowed } from './caller.ts'
import { createDeadlines, type Deadlines } from './deadlines.ts'
import { decodeRequest } from './decode.ts'
import { encodeResponse } from './encode.ts'
import { toCheck, undecodableCheck } from './request.ts'
import { isObserved, toCheckResponse } from './response.ts'
import { Turn } from './turn.ts'

/** What stands behind the edge: the pipeline with one configuration. */
export interface Decider {
  /** The pipeline. May reject on a bug; the edge then answers 503. */
  decide(check: Check): Promise<Outcome>
  /** Called once after the answer has gone: audit, learning, metrics. */
  finish(outcome: Outcome, durationMs: number): void
  /** The outcome for a check that the pipeline never judged. Its answer must be a refusal, or one that is observed. */
  refuse(check: Check, failure: FailureCode): Outcome
  /** Called instead of `finish` for a check that was answered without any outcome; must not throw. */
  abandon(check: Check): void
}

export interface HandlerOptions {
  readonly deadlineMs: number
  readonly maxInFlight: number
  /** Larger checks are denied unread; absent: none is. */
  readonly maxMessageBytes?: number
  readonly callers?: readonly string[] | undefined
  readonly clock: Clock
  readonly newId: () => string
  /** Runs something when the turn of the event loop ends: `setImmediate` in the service. */
  readonly defer: (run: () => void) => void
  readonly meter: Meter
  readonly log: Log
}

export interface CheckHandler {
  /** Bytes in, bytes out; always resolves, never rejects, within the deadline. */
  handle(bytes: Buffer, caller: Caller): Promise<Buffer>
  readonly inFlight: () => number
}

/** A message that waits for the others of its turn. */
interface Arrived {
  readonly bytes: Buffer
  readonly caller: Caller
  readonly startMs: number
  /** There were as many before it as may be in flight. */
  readonly isTooMany: boolean
  readonly resolve: (response: Buffer) => void
}

/** A check on its way: whoever settles it first gives the answer, and what comes later is dropped. */
interface Open {
  readonly check: Check
  readonly decider: Decider
  readonly startMs: number
  readonly resolve: (response: Buffer) => void
  isSettled: boolean
}

interface Settled {
  readonly decider: Decider
  readonly outcome: Outcome
  readonly durationMs: number
}

/**
 * The one place where the unexpected is caught. Whatever happens, Envoy gets a CheckResponse that says so.
 * @param inUse the decider of the configuration in use; a check keeps the one it began with
 */
export function createCheckHandler(inUse: () => Decider, options: HandlerOptions): CheckHandler {
  const handler = new Handler(inUse, options)
  return {
    handle: (bytes, caller) => handler.handle(bytes, caller),
    inFlight: () => handler.inFlight,
  }
}

class Handler {
  readonly #inUse: () => Decider
  readonly #options: HandlerOptions
  readonly #deadlines: Deadlines<Open>
  readonly #arrived: Turn<Arrived>
  /** Answered, but not yet recorded and learned from. */
  readonly #settled: Turn<Settled>
  inFlight = 0

  constructor(inUse: () => Decider, options: HandlerOptions) {
    this.#inUse = inUse
    this.#options = options
    this.#deadlines = createDeadlines(options.deadlineMs, options.clock.monotonicMs, (open) =>
      this.#refuse(open, 'check.deadline.exceeded'),
    )
    this.#arrived = new Turn(options.defer, (all) => {
      for (const one of all) this.#begin(one)
    })
    this.#settled = new Turn(options.defer, (all) => {
      for (const one of all) finish(one, options.meter, options.log)
    })
  }

  handle(bytes: Buffer, caller: Caller): Promise<Buffer> {
    return new Promise((resolve) => {
      this.inFlight++
      try {
        this.#arrive(bytes, caller, resolve)
      } catch (error) {
        this.inFlight--
        resolve(this.#lastResort(error))
      }
    })
  }

  #arrive(bytes: Buffer, caller: Caller, resolve: Open['resolve']): void {
    const { clock, maxInFlight } = this.#options
    const isTooMany = this.inFlight > maxInFlight
    const arrived = { bytes, caller, startMs: clock.monotonicMs(), isTooMany, resolve }
    try {
      this.#arrived.add(arrived)
    } catch {
      // What cannot wait for the others of its turn is judged alone.
      this.#begin(arrived)
    }
  }

  /** Never throws. */
  #begin(arrived: Arrived): void {
    try {
      this.#judge(arrived)
    } catch (error) {
      this.inFlight--
      arrived.resolve(this.#lastResort(error))
    }
  }

  #judge({ bytes, caller, startMs, isTooMany, resolve }: Arrived): void {
    const { clock, newId, maxMessageBytes, callers } = this.#options
    // A UUID is joined from pieces, and its record would be slow to write.
    const id = flatCopy(newId())
    const check = decode(bytes, { id, atMs: clock.nowMs(), caller }, maxMessageBytes)
    const open: Open = { check, decider: this.#inUse(), startMs, resolve, isSettled: false }
    if (!isAllowed(caller, callers)) this.#refuse(open, 'check.caller.refused')
    else if (isTooMany) this.#refuse(open, 'check.capacity.exceeded')
    else this.#decide(open)
  }

  #decide(open: Open): void {
    const waiting = this.#deadlines.add(open, open.startMs)
    const onFault = (error: unknown) => {
      this.#deadlines.remove(waiting)
      this.#fail(open, error)
    }
    try {
      open.decider.decide(open.check).then((outcome) => {
        this.#deadlines.remove(waiting)
        this.#judged(open, outcome)
      }, onFault)
    } catch (error) {
      onFault(error)
    }
  }

  #judged(open: Open, outcome: Outcome): void {
    try {
      // What could not be read safely never passes, whatever the gate made of it, but where that is said aloud.
      if (open.check.malformed !== undefined && isPass(outcome.answer) && !isObserved(outcome.answer)) {
        throw new Error('a malformed check passes')
      }
      this.#settle(open, outcome)
    } catch (error) {
      this.#fail(open, error)
    }
  }

  #fail(open: Open, error: unknown): void {
    // Late work is dropped, its failure included, because nobody waits for it.
    if (open.isSettled) return
    this.#options.log.error('check failed', { decision: open.check.id, error: nameOf(error) })
    this.#refuse(open, 'check.fault.unexpected')
  }

  #refuse(open: Open, failure: FailureCode): void {
    try {
      this.#settle(open, refusal(open, failure))
    } catch (error) {
      this.#close(open, this.#lastResort(error))
      open.decider.abandon(open.check)
      this.#options.meter.add('vigil_audit_dropped_total', 1, LOST)
    }
  }

  #settle(open: Open, outcome: Outcome): void {
    if (open.isSettled) return
    const { clock, log } = this.#options
    const response = encode(outcome.answer, open.check, log)
    this.#settled.add({ decider: open.decider, outcome, durationMs: clock.monotonicMs() - open.startMs })
    this.#close(open, response)
  }

  #close(open: Open, response: Buffer): void {
    open.isSettled = true
    this.inFlight--
    open.resolve(response)
  }

  /** Not even a refusal could be made. Nothing is recorded, so at least the log says it. */
  #lastResort(error: unknown): Buffer {
    this.#options.log.error('answering a check failed', { error: nameOf(error) })
    return lastResort('')
  }
}

const LOST = { sink: 'all', reason: 'fault' } as const

/** @throws when the decider lets pass what it was told to refuse. */
function refusal({ check, decider }: Open, failure: FailureCode): Outcome {
  const outcome = decider.refuse(check, failure)
  if (isPass(outcome.answer) && !isObserved(outcome.answer)) throw new Error('a refusal passes')
  return outcome
}

function finish({ decider, outcome, durationMs }: Settled, meter: Meter, log: Log): void {
  try {
    if (outcome.stages === undefined && !isObserved(outcome.answer))
      meter.add('vigil_checks_refused_total', 1, { reason: outcome.decision.reasons[0] })
    decider.finish(outcome, durationMs)
  } catch (error) {
    // The answer stands; what was to be recorded is lost, and that is said.
    log.error('finishing a check failed', { decision: outcome.check.id, error: nameOf(error) })
    meter.add('vigil_audit_dropped_total', 1, LOST)
    decider.abandon(outcome.check)
  }
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
