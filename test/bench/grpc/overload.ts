import type { LoadResult } from './load.ts'

/** Unanswered calls, as a share of all, from which a queue is one that grows: a pause of 100 ms in two seconds leaves as many. */
const BACKLOG_SHARE = 0.05
const LEAST_PASSED = 0.99

/**
 * Whether an open loop was more than the server can do, so that latencies say how long it lasted and nothing else: calls pile
 * up, or are refused to get rid of them.
 */
export const isOverloaded = ({
  sent,
  passed,
  backlog,
}: Pick<LoadResult, 'sent' | 'passed' | 'backlog'>): boolean =>
  backlog > BACKLOG_SHARE * sent || passed < LEAST_PASSED * sent

/** Whether there is no need to try. @param fullPerSecond what the server does at full load; undefined: not known */
export const isTooSlow = (fullPerSecond: number | undefined, perSecond: number): boolean =>
  fullPerSecond !== undefined && fullPerSecond <= perSecond
