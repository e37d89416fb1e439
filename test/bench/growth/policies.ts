import { rulesOfMany } from '../rules.ts'
import { rulesForAll } from '../settings.ts'

/** The largest policy that is measured; smaller ones are drawn from it. */
const MOST = 1000

const { moreRules, moreActions } = rulesOfMany(MOST)

/** Actions that rules name, beside the two of the bench. */
export { moreActions }

/**
 * As most large policies are: the rules of the settings, which are for every request, and for more than these the rules of
 * `rulesOfMany`, drawn evenly, so that a smaller policy is made like the largest.
 * @param own the rules of the settings
 */
export function mixedPolicy(count: number, own: readonly object[]): object[] {
  const others = Math.max(0, count - own.length)
  const step = moreRules.length / others
  return [
    ...own.slice(0, count),
    ...Array.from({ length: others }, (_, i) => moreRules[Math.floor(i * step)] as object),
  ]
}

/** The worst that a policy can be: every rule concerns every request. */
export const globalPolicy = (count: number): object[] => rulesForAll(count)
