import type { Settings } from './config/schema/settings.ts'
import { type ContextConfig, compileContext } from './context/index.ts'
import { compileEntrypoints, type EntrypointMatcher } from './context/entrypoint.ts'
import { compileEnforcement, type EnforcementConfig } from './enforcement/index.ts'
import type { Compiled, SettingsProblem } from './errors.ts'
import { compileHistory, type HistoryConfig } from './history/index.ts'
import { compileIdentity, type IdentityConfig } from './identity/index.ts'
import type { Clock, Entropy, InstanceKeys, Log, Meter } from './ports.ts'
import { compilePolicy, type PolicyConfig } from './policy/index.ts'
import { compileRisk, type RiskConfig } from './risk/index.ts'
import type { Signal } from './risk/signal.ts'
import type { Store } from './store/store.ts'

/** One immutable generation of configuration, compiled: each stage gets its own part. */
export interface Snapshot {
  readonly settings: Settings
  readonly hash: string
  readonly entrypoints: EntrypointMatcher
  readonly identity: IdentityConfig
  readonly context: ContextConfig
  readonly history: HistoryConfig
  readonly risk: RiskConfig
  readonly policy: PolicyConfig
  readonly enforcement: EnforcementConfig
  readonly retryAfterSeconds: number
}

/** What compiling needs besides the settings; the same for every generation of a process. */
export interface SnapshotDeps {
  readonly clock: Clock
  readonly entropy: Entropy
  readonly keys: InstanceKeys
  readonly store: Store
  readonly storeBudgetMs: number
  readonly signals: readonly Signal[]
  readonly isUnverifiedCallerAcknowledged: boolean
  /** Files named in the configuration are relative to this folder. */
  readonly baseDir: string
  readonly meter: Meter
  readonly log: Log
}
