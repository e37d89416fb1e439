export interface OpenPlan {
  readonly perSecond: number
  readonly seconds: number
}

export interface RoundPlan {
  readonly rounds: number
  /**
   * Before anything counts: the compiler needs ten thousand, and with fewer the empty handler looks slow. A third of it
   * where each call needs a token or proof of its own.
   */
  readonly warmCalls: number
  /** Without, only the rows that Vigil is held to and the dearest. */
  readonly hasAllRows: boolean
  /** Parts of the names of the rows that are wanted; absent: all. */
  readonly only?: readonly string[] | undefined
  /** Root of another checkout whose Vigil has rows, too. */
  readonly against?: string | undefined
  /** Of Node: Vigil has rows with these in place of those that `vigil serve` gives itself. */
  readonly flags?: readonly string[] | undefined
  /** Before each closed loop, not counted: connections, caches, and pages that the system took while others had their turn. */
  readonly leadSeconds: number
  readonly closedSeconds: number
  readonly open: readonly OpenPlan[]
}

/** In the closed loop. */
export const IN_FLIGHT = 50
/** The rate at which CPU per check is compared: it depends on the load. */
export const FIXED_PER_SECOND = 1000
/** The rates of open loops. */
export const RATES = [FIXED_PER_SECOND, 3000] as const

/** Minting, and orders between processes. */
const OVERHEAD_SHARE = 0.15
const WARM_PER_SECOND = 8000

/** A server, with what it needs. */
export const START_SECONDS = 1.5
export const warmSeconds = ({ warmCalls }: RoundPlan): number => warmCalls / WARM_PER_SECOND

export function rowSeconds({ leadSeconds, closedSeconds, open }: RoundPlan, cores: 1 | 2): number {
  const closed = cores === 1 ? leadSeconds + closedSeconds : 0
  const seconds = open.reduce((sum, each) => sum + each.seconds, closed)
  return seconds * (1 + OVERHEAD_SHARE)
}
