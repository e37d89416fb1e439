/** What a decision can be, mildest first; a word of a later version is `other`. */
export const EFFECTS = ['allow', 'monitor', 'step-up', 'throttle', 'deny', 'unavailable', 'other'] as const

export type EffectName = (typeof EFFECTS)[number]
export type EffectCounts = Record<EffectName, number>

export const noEffects = (): EffectCounts => ({
  allow: 0,
  monitor: 0,
  'step-up': 0,
  throttle: 0,
  deny: 0,
  unavailable: 0,
  other: 0,
})

const KNOWN: ReadonlySet<string> = new Set(EFFECTS)

export const effectName = (effect: string): EffectName => (isKnown(effect) ? effect : 'other')

const isKnown = (effect: string): effect is EffectName => KNOWN.has(effect)

export const totalOf = (counts: EffectCounts): number =>
  EFFECTS.reduce((sum, effect) => sum + counts[effect], 0)
