import type { SinkSettings } from '../config/schema/audit.ts'
import type { Outcome } from '../model.ts'
import type { Clock, InstanceKeys, Log, Meter, OpenRecordExport } from '../ports.ts'
import { createKeep, type Keep } from './keep.ts'
import { createSinkQueue, type SinkQueue } from './queue.ts'
import type { Sink } from './sink.ts'
import { fileSink } from './sinks/file.ts'
import { otlpSink } from './sinks/otlp.ts'
import { stdoutSink } from './sinks/stdout.ts'

export interface RouteDeps {
  readonly meter: Meter
  readonly log: Log
  readonly schedule: (ms: number, run: () => void) => () => void
  readonly clock: Pick<Clock, 'nowMs'>
  readonly keys: Pick<InstanceKeys, 'pseudonym'>
  /** Absent where no collector is configured: then no sink is of kind `otlp`. */
  readonly openExport?: OpenRecordExport | undefined
}

/** The way of records to one sink. */
export interface Route {
  /** False, and counted, when the settings leave this record out. */
  wants(outcome: Outcome): boolean
  push(line: string): void
  /**
   * The sink has written what it was given last, and as many more records find a place before it.
   * @param more records that are on their way, one more than those
   */
  hasRoomFor(more: number): boolean
  close(): Promise<void>
}

/** @param open makes the sink; again when it has broken */
export function openRoute(
  settings: Pick<SinkSettings, 'plainPercent' | 'name'>,
  limit: number,
  deps: Omit<RouteDeps, 'keys'>,
  open: () => Sink,
): Route {
  return new SinkRoute(createKeep(settings.plainPercent), settings.name, limit, deps, open)
}

/** A broken sink is opened again after so long, then after twice that, and so on. */
const FIRST_RETRY_MS = 5000
const LAST_RETRY_MS = 60_000

class SinkRoute implements Route {
  readonly #keep: Keep | undefined
  readonly #limit: number
  readonly #deps: Omit<RouteDeps, 'keys'>
  readonly #openSink: () => Sink
  readonly #labels: { readonly sink: string }
  #queue: SinkQueue
  /** What it was given last is lost, as far as is known. A new one is believed until then. */
  #isLosing: boolean | undefined
  #isClosed = false
  #retryMs = FIRST_RETRY_MS
  #cancelRetry: () => void = () => undefined

  constructor(
    keep: Keep | undefined,
    name: string | undefined,
    limit: number,
    deps: Omit<RouteDeps, 'keys'>,
    open: () => Sink,
  ) {
    this.#keep = keep
    this.#limit = limit
    this.#deps = deps
    this.#openSink = open
    const sink = open()
    this.#labels = { sink: name ?? sink.name }
    this.#queue = this.#queueTo(sink)
    this.#tell(false)
  }

  wants(outcome: Outcome): boolean {
    if (this.#keep === undefined || this.#keep(outcome)) return true
    this.#deps.meter.add('vigil_audit_filtered_total', 1, this.#labels)
    return false
  }

  push(line: string): void {
    this.#queue.push(line)
  }

  hasRoomFor(more: number): boolean {
    return this.#isLosing !== true && this.#queue.waiting() + more <= this.#limit
  }

  close(): Promise<void> {
    this.#cancelRetry()
    this.#isClosed = true
    // Another one may go on under this name, and nobody would ever take back the word of this one.
    this.#show(false)
    return this.#queue.close()
  }

  #queueTo(sink: Sink): SinkQueue {
    const seen: Sink = {
      name: this.#labels.sink,
      write: (lines, onSettled) =>
        sink.write(lines, (isWritten) => {
          this.#tell(!isWritten)
          if (isWritten) this.#retryMs = FIRST_RETRY_MS
          onSettled(isWritten)
        }),
      onReady: (listener) => sink.onReady(listener),
      onBroken: (listener) =>
        sink.onBroken((reason) => {
          this.#tell(true)
          listener(reason)
          this.#retryLater()
        }),
      close: () => sink.close(),
    }
    return createSinkQueue(seen, { ...this.#deps, limit: this.#limit })
  }

  /** The new sink must write something before it counts as well again: a full disk opens files all the same. */
  #retryLater(): void {
    if (this.#isClosed) return
    this.#cancelRetry = this.#deps.schedule(this.#retryMs, () => {
      const old = this.#queue
      this.#queue = this.#queueTo(this.#openSink())
      void old.close()
    })
    this.#retryMs = Math.min(this.#retryMs * 2, LAST_RETRY_MS)
  }

  #tell(isLosing: boolean): void {
    const was = this.#isLosing
    if (isLosing === was || this.#isClosed) return
    this.#isLosing = isLosing
    if (isLosing) this.#deps.log.error('audit sink loses records', this.#labels)
    else if (was === true) this.#deps.log.info('audit sink writes again', this.#labels)
    this.#show(isLosing)
  }

  #show(isLosing: boolean): void {
    this.#deps.meter.set('vigil_audit_sink_losing', isLosing ? 1 : 0, this.#labels)
  }
}

export function openSink(settings: SinkSettings, { clock, log, openExport }: RouteDeps): Sink {
  switch (settings.kind) {
    case 'otlp':
      if (openExport === undefined) throw new Error('telemetry.otlp is not set')
      return otlpSink(openExport)
    case 'stdout':
      return stdoutSink()
    case 'file':
      return fileSink(settings.path, {
        rotation: settings.rotate,
        clock,
        warn: (what, reason) => log.warn(WARNINGS[what], { path: settings.path, reason }),
      })
  }
}

const WARNINGS = {
  rotate: 'the audit file could not be moved away and grows on',
  prune: 'old audit files could not be removed',
} as const
