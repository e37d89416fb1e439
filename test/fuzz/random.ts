/** Random numbers that are the same for the same seed: for what must be made again from a printed number. */
export interface Random {
  /** A whole number from 0 to `below` - 1. */
  below(below: number): number
  chance(percent: number): boolean
  pick<T>(list: readonly [T, ...T[]]): T
  /** At least one of them, in their order. */
  some<T>(list: readonly [T, ...T[]]): [T, ...T[]]
  /** Each of them with this chance, in their order. */
  subset<T>(list: readonly T[], percent: number): T[]
}

/** @param seed any whole number (mulberry32 of its low 32 bits) */
export function random(seed: number): Random {
  let state = seed >>> 0
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = state
    t = Math.imul(t ^ (t >>> 15), t | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 0x1_0000_0000
  }
  const below = (most: number) => Math.floor(next() * most)
  const chance = (percent: number) => next() * 100 < percent
  const subset = <T>(list: readonly T[], percent: number) => list.filter(() => chance(percent))
  const pick = <T>(list: readonly [T, ...T[]]): T => list[below(list.length)] ?? list[0]
  return {
    below,
    chance,
    pick,
    subset,
    some: (list) => {
      const [first, ...others] = subset(list, 50)
      return first === undefined ? [pick(list)] : [first, ...others]
    },
  }
}
