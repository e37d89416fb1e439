/**
 * Median nanoseconds of each part of a whole decision that contract section 6 allows 40,000: what each may use on a machine
 * of about the speed of those that Vigil was measured on. Where one is over, look there first.
 */
const BUDGETS: readonly (readonly [name: string, ns: number])[] = [
  ['whole decision, bytes to bytes', 40_000],
  ['decode: bytes to Check', 10_000],
  ['entrypoint', 100],
  ['identify, token cached', 4000],
  ['gather', 3000],
  ['recall (memory store)', 8000],
  ['assess', 2000],
  ['decide, 10 rules', 2000],
  ['decide, 1,000 rules, most', 3000],
  ['enforce', 500],
  ['encode: answer to bytes', 4000],
]

/** @returns undefined for a case without one */
export const budgetOf = (name: string): number | undefined =>
  BUDGETS.find(([start]) => name.startsWith(start))?.[1]
