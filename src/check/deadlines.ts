/** One that waits for its end, in the order of coming: everybody may wait equally long. */
export interface Waiting<T> {
  readonly item: T
  readonly dueMs: number
  previous: Waiting<T> | undefined
  next: Waiting<T> | undefined
  isWaiting: boolean
}

export interface Deadlines<T> {
  /** @param sinceMs when it came (ms of the same clock); nobody may come before the one that was added last */
  add(item: T, sinceMs: number): Waiting<T>
  /** It need wait no longer; no harm when it has been told to be late already. */
  remove(waiting: Waiting<T>): void
}

/**
 * One deadline for many, with one timer for the eldest: a timer for each check costs more than most of its stages.
 * @param nowMs a clock that never goes back
 * @param onLate called once for each that was not removed in time; must not throw
 */
export function createDeadlines<T>(
  afterMs: number,
  nowMs: () => number,
  onLate: (item: T) => void,
): Deadlines<T> {
  let first: Waiting<T> | undefined
  let last: Waiting<T> | undefined
  let timer: ReturnType<typeof setTimeout> | undefined

  const unlink = (waiting: Waiting<T>) => {
    if (waiting.previous === undefined) first = waiting.next
    else waiting.previous.next = waiting.next
    if (waiting.next === undefined) last = waiting.previous
    else waiting.next.previous = waiting.previous
    waiting.previous = undefined
    waiting.next = undefined
    waiting.isWaiting = false
  }
  const arm = (inMs: number) => {
    // A timer may ring a fraction of a millisecond early: then it is set again.
    timer = setTimeout(ring, Math.max(1, Math.ceil(inMs)))
  }
  const ring = () => {
    timer = undefined
    const now = nowMs()
    while (first !== undefined && first.dueMs <= now) {
      const late = first
      unlink(late)
      onLate(late.item)
    }
    if (first !== undefined && timer === undefined) arm(first.dueMs - now)
  }
  return {
    add: (item, sinceMs) => {
      const waiting: Waiting<T> = {
        item,
        dueMs: sinceMs + afterMs,
        previous: last,
        next: undefined,
        isWaiting: true,
      }
      if (last === undefined) first = waiting
      else last.next = waiting
      last = waiting
      if (timer === undefined) arm(waiting.dueMs - nowMs())
      return waiting
    },
    remove: (waiting) => {
      if (!waiting.isWaiting) return
      unlink(waiting)
      if (first !== undefined) return
      clearTimeout(timer)
      timer = undefined
    },
  }
}
