export const VARIANTS = ['bounded', 'open'] as const
/** `bounded`: a thousand callers; `open`: new ones come all the time, and the store is full. */
export type Variant = (typeof VARIANTS)[number]

export const SAMPLES = 100

export interface Sample {
  readonly checks: number
  readonly rss: number
  readonly heapUsed: number
  readonly external: number
  /** Timers, sockets and what else keeps a process alive. */
  readonly handles: number
}

export interface SoakSummary {
  /** Median of the last tenth against that of the second, after a forced collection. */
  readonly rssMb: { readonly second: number; readonly last: number; readonly growthPercent: number }
  readonly heapMb: { readonly second: number; readonly last: number; readonly growthPercent: number }
  readonly handles: { readonly second: number; readonly last: number }
}

export interface SoakResult extends SoakSummary {
  readonly variant: Variant
  readonly seed: number
  readonly checks: number
  readonly passed: number
  readonly seconds: number
  readonly samples: readonly Sample[]
}

/** Resident memory may grow by so much, in percent. */
export const MOST_GROWTH_PERCENT = 2

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = Math.floor(sorted.length / 2)
  const [low, high] = [sorted[Math.max(0, middle - 1 + (sorted.length % 2))] ?? 0, sorted[middle] ?? 0]
  return (low + high) / 2
}

/** The first tenth is left out: caches and the store fill, and code is compiled. */
export function summarise(samples: readonly Sample[]): SoakSummary {
  const tenth = Math.max(1, Math.floor(samples.length / 10))
  const [second, last] = [samples.slice(tenth, 2 * tenth), samples.slice(-tenth)]
  const compare = (of: (sample: Sample) => number) => {
    const [before, after] = [median(second.map(of)) / 2 ** 20, median(last.map(of)) / 2 ** 20]
    return { second: before, last: after, growthPercent: (after / before - 1) * 100 }
  }
  return {
    rssMb: compare(({ rss }) => rss),
    heapMb: compare(({ heapUsed }) => heapUsed),
    handles: {
      second: Math.max(...second.map(({ handles }) => handles)),
      last: Math.max(...last.map(({ handles }) => handles)),
    },
  }
}

/** What is wrong with it, in a sentence. */
export function soakFlaw({ variant, rssMb, handles, passed }: SoakResult): string | undefined {
  if (passed === 0) return `${variant}: nothing passed`
  if (rssMb.growthPercent > MOST_GROWTH_PERCENT)
    return `${variant}: resident memory grew by ${rssMb.growthPercent.toFixed(1)} %; ${MOST_GROWTH_PERCENT} % are allowed`
  return handles.last > handles.second
    ? `${variant}: ${handles.last} handles instead of ${handles.second}`
    : undefined
}
