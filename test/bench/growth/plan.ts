/** How much of each curve is measured. */

export interface IdentitiesPlan {
  readonly counts: readonly number[]
  /** Checks of identities drawn at random, each time a point is reached. */
  readonly rounds: number
  readonly sample: number
  /** Identities that are given habits as full as they can be. */
  readonly full: number
}

export interface RulesPlan {
  readonly counts: readonly number[]
  readonly rounds: number
  /** Of each policy in each round. */
  readonly checks: number
}

export interface LoadsPlan {
  readonly counts: readonly number[]
  readonly rounds: number
  readonly seconds: number
}

export interface Plan {
  readonly identities: IdentitiesPlan
  readonly rules: RulesPlan
  readonly 'in-flight': LoadsPlan
  /** Counts are kilobytes. */
  readonly headers: LoadsPlan
  readonly processes: LoadsPlan
}

export const FULL: Plan = {
  identities: { counts: [1000, 10_000, 100_000, 1_000_000], rounds: 5, sample: 8000, full: 5000 },
  rules: { counts: [1, 10, 30, 100, 300, 1000], rounds: 9, checks: 2000 },
  'in-flight': { counts: [1, 3, 10, 30, 100, 300, 1000], rounds: 4, seconds: 1 },
  headers: { counts: [1, 4, 8, 16, 32, 60], rounds: 5, seconds: 1 },
  processes: { counts: [1, 2, 3, 4], rounds: 5, seconds: 2 },
}

export const QUICK: Plan = {
  identities: { counts: [500, 5000], rounds: 2, sample: 500, full: 500 },
  rules: { counts: [1, 10, 1000], rounds: 2, checks: 500 },
  'in-flight': { counts: [1, 30, 1000], rounds: 1, seconds: 0.4 },
  headers: { counts: [1, 16, 60], rounds: 1, seconds: 0.4 },
  processes: { counts: [1, 2], rounds: 1, seconds: 0.5 },
}

/** Of the curve of processes: checks/s that each is asked at the paced load. */
export const EACH_PER_SECOND = 500
