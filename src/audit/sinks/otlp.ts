import type { ExportedRecord, OpenRecordExport } from '../../ports.ts'
import type { Sink } from '../sink.ts'

/** Exports on their way at most; then the queue is told to wait. */
const MOST_ON_THE_WAY = 8

/** Records as OTLP logs. A collector that is away loses batches and breaks nothing: the next one may arrive. */
export function otlpSink(open: OpenRecordExport): Sink {
  const exporter = open()
  let onTheWay = 0
  let isBlocked = false
  let onReady: () => void = () => undefined
  let onIdle: () => void = () => undefined
  const settle = () => {
    onTheWay--
    if (onTheWay === 0) onIdle()
    if (!isBlocked) return
    isBlocked = false
    onReady()
  }
  return {
    name: 'otlp',
    write: (lines, onSettled) => {
      onTheWay++
      exporter.send(recordsIn(lines), (isWritten) => {
        onSettled(isWritten)
        settle()
      })
      isBlocked = onTheWay >= MOST_ON_THE_WAY
      return !isBlocked
    },
    onReady: (listener) => {
      onReady = listener
    },
    onBroken: () => undefined,
    close: async () => {
      if (onTheWay > 0) {
        const { promise, resolve } = Promise.withResolvers<void>()
        onIdle = resolve
        await promise
      }
      await exporter.close()
    },
  }
}

function recordsIn(lines: Uint8Array): ExportedRecord[] {
  const text = Buffer.from(lines.buffer, lines.byteOffset, lines.length).toString('utf8')
  return text.trimEnd().split('\n').map(recordOf)
}

/** What a line says of itself, in either format. */
interface Told {
  readonly id?: string
  readonly at?: string
  readonly trace?: string | { readonly uid: string }
  readonly decision?: { readonly effect: string }
  readonly metadata?: { readonly uid: string }
  readonly time?: number
  readonly unmapped?: { readonly effect: string }
}

function recordOf(line: string): ExportedRecord {
  const told = JSON.parse(line) as Told
  const effect = told.decision?.effect ?? told.unmapped?.effect ?? 'unknown'
  return {
    atMs: told.time ?? Date.parse(told.at ?? ''),
    id: told.id ?? told.metadata?.uid ?? '',
    effect,
    severity: severityOf(effect),
    trace: typeof told.trace === 'object' ? told.trace.uid : told.trace,
    line,
  }
}

function severityOf(effect: string): ExportedRecord['severity'] {
  if (effect === 'allow' || effect === 'monitor') return 'info'
  return effect === 'unavailable' ? 'error' : 'warn'
}
