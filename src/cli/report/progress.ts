import type { Clock } from '../../clock.ts'
import type { Input } from '../records/input.ts'
import { counted, grouped } from './numbers.ts'

/** A bar on standard error while a file is read: how much of it, how many records, how long it still takes. */
export interface Progress {
  show(input: Pick<Input, 'readCount' | 'size'>, records: number): void
  /** Takes the bar away. */
  end(): void
}

const EVERY_MS = 100
const CELLS = 24
/** Back to the beginning of the line, and erase it. */
const CLEAR = '\r\u001b[K'

export const silentProgress: Progress = { show: () => undefined, end: () => undefined }

export function createProgress(write: (text: string) => void, clock: Pick<Clock, 'monotonicMs'>): Progress {
  const startMs = clock.monotonicMs()
  let shownMs = Number.NEGATIVE_INFINITY
  return {
    show: (input, records) => {
      const nowMs = clock.monotonicMs()
      if (nowMs - shownMs < EVERY_MS) return
      shownMs = nowMs
      write(`${CLEAR}${line(input, records, nowMs - startMs)}`)
    },
    end: () => {
      if (shownMs !== Number.NEGATIVE_INFINITY) write(CLEAR)
    },
  }
}

function line(
  { readCount, size }: Pick<Input, 'readCount' | 'size'>,
  records: number,
  tookMs: number,
): string {
  const read = readCount()
  const told = counted(records, 'record')
  if (size === undefined || size === 0) return `${told}, ${grouped(read / 1e6)} MB`
  const part = Math.min(1, read / size)
  const full = Math.round(part * CELLS)
  const left = part === 0 ? '' : `, ${grouped((tookMs * (1 - part)) / part / 1000)} s left`
  return `[${'#'.repeat(full)}${'.'.repeat(CELLS - full)}] ${Math.floor(part * 100)} %, ${told}${left}`
}
