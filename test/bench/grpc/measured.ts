import type { LoadResult } from './load.ts'
import type { Fixed, Measured } from './rounds.ts'

/** Made-up measurements, for tests of what becomes of them. */

export function loadOf(figures: Partial<LoadResult> = {}): LoadResult {
  return {
    sent: 1000,
    passed: 1000,
    refused: 0,
    failed: 0,
    perSecond: 10_000,
    tookMs: 1000,
    p50Us: 400,
    p99Us: 4000,
    p999Us: 9000,
    maxUs: 10_000,
    lateP50Us: 0,
    lateP99Us: 0,
    backlog: 1,
    driverShare: 0.4,
    ...figures,
  }
}

export interface Figures {
  /** At full load; undefined: a server with two cores. */
  readonly perSecond?: number
  readonly busyShare?: number
  readonly p50Us?: number
  readonly p99Us?: number
  readonly cpuUs?: number
  readonly lateP50Us?: number
  readonly lateP99Us?: number
  /** Rates that were too much. */
  readonly tooMuch?: readonly number[]
}

export function measuredOf(row: string, figures: Figures): Measured {
  const {
    perSecond,
    busyShare = 0.98,
    cpuUs = 200,
    tooMuch = [],
    p50Us,
    p99Us,
    lateP50Us,
    lateP99Us,
  } = figures
  const open = loadOf({
    ...(p50Us !== undefined && { p50Us }),
    ...(p99Us !== undefined && { p99Us }),
    ...(lateP50Us !== undefined && { lateP50Us }),
    ...(lateP99Us !== undefined && { lateP99Us }),
  })
  const fixed = [1000, 3000].map((rate): Fixed => {
    const isOverloaded = tooMuch.includes(rate)
    return { perSecond: rate, cpuUs, isOverloaded, ...(!isOverloaded && { load: open }) }
  })
  return {
    row,
    cores: perSecond === undefined ? 2 : 1,
    ...(perSecond !== undefined && {
      full: { load: loadOf({ perSecond }), cpuUs: 1e6 / perSecond, busyShare },
    }),
    fixed,
    rssBytes: 200e6,
  }
}
