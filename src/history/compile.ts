import type { Clock } from '../clock.ts'
import type { LimitSettings } from '../config/schema/decision.ts'
import type { Meter } from '../ports.ts'
import type { Store } from '../store/store.ts'
import type { HistoryKeys } from './keys.ts'
import type { LocalReplay } from './replay.ts'
import { createShown, type Shown } from './shown.ts'

export interface Limit {
  readonly name: string
  readonly per: LimitSettings['per']
  /** Names of actions that count; undefined: all. */
  readonly actions: ReadonlySet<string> | undefined
  readonly max: number
  readonly windowSeconds: number
  readonly windowMs: number
  /** What follows the counted thing's key, up to the window's number. */
  readonly id: string
}

/** Everything `recall` needs, one per configuration generation; what must outlive a reload is handed in. */
export interface HistoryConfig {
  readonly limits: readonly Limit[]
  readonly store: Store
  readonly keys: HistoryKeys
  readonly shown: Shown
  readonly replay: LocalReplay
  readonly clock: Clock
  readonly budgetMs: number
  readonly meter: Meter
}

export type HistoryParts = Omit<HistoryConfig, 'limits' | 'shown'> & {
  readonly limits: readonly LimitSettings[]
}

/** @param parts settings `risk.limits`, and the long-lived parts of this process (`keys` and `replay` outlive reloads) */
export function compileHistory(parts: HistoryParts): HistoryConfig {
  return {
    ...parts,
    shown: createShown(parts.keys),
    limits: parts.limits.map((limit) => ({
      name: limit.name,
      per: limit.per,
      actions: limit.actions === undefined ? undefined : new Set(limit.actions),
      max: limit.requests,
      windowSeconds: limit.windowSeconds,
      windowMs: limit.windowSeconds * 1000,
      id: `${parts.keys.limitId(limit.name, limit.windowSeconds)}:`,
    })),
  }
}
