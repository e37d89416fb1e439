import type { Settings } from './config/schema/settings.ts'
import { compileEntrypoints, type EntrypointMatcher } from './context/entrypoint.ts'
import { type ContextConfig, compileContext } from './context/index.ts'
import { compileEnforcement, type EnforcementConfig } from './enforcement/index.ts'
import type { Compiled, SettingsProblem } from './errors.ts'
import { compileHistory, type HistoryConfig, type HistoryKeys, type LocalReplay } from './history/index.ts'
import { compileIdentity, type IdentityConfig } from './identity/index.ts'
import { compilePolicy, type PolicyConfig } from './policy/index.ts'
import type { Clock, Entropy, InstanceKeys, Log, Meter, OpenPlaces } from './ports.ts'
import { compileRisk, type RiskConfig } from './risk/index.ts'
import type { Signal } from './risk/signal.ts'
import type { Store } from './store/store.ts'
import { createProofVerifier } from './tokens/dpop.ts'
import { createHopSigner } from './tokens/hop.ts'
import { createNonces } from './tokens/nonce.ts'
import { createPostureTokens, type PostureTokens } from './tokens/posture.ts'
import { type AccessTokenVerifier, createTokenVerifier } from './tokens/verifier.ts'

/** One immutable generation of configuration, compiled: each stage gets its own part. */
export interface Snapshot {
  readonly settings: Settings
  /** SHA-256 of the canonical settings, in every record. */
  readonly hash: string
  readonly entrypoints: EntrypointMatcher
  readonly tokens: AccessTokenVerifier
  /** Absent: no posture tokens are read. */
  readonly postures: PostureTokens | undefined
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
  /** These two outlive a reload. */
  readonly historyKeys: HistoryKeys
  readonly localReplay: LocalReplay
  readonly storeBudgetMs: number
  readonly signals: readonly Signal[]
  readonly openPlaces: OpenPlaces
  readonly isUnverifiedCallerAcknowledged: boolean
  /** Files named in the configuration are relative to this folder. */
  readonly baseDir: string
  /** Where that folder really was when the configuration was read. */
  readonly folder?: string
  readonly meter: Meter
  readonly log: Log
}

/**
 * Settings -> snapshot. Pure, but for the key sets, which load themselves when asked.
 * @returns every problem of every section at once: people mend a file in one go.
 */
export function compileSnapshot(
  settings: Settings,
  hash: string,
  deps: SnapshotDeps,
  previous?: Snapshot,
): Compiled<Snapshot> {
  const { clock, keys, meter, log, baseDir } = deps
  const tokenDeps = {
    clock,
    meter,
    log,
    baseDir,
    ...(deps.folder === undefined ? {} : { folder: deps.folder }),
  }
  const postures = createPostureTokens(settings.context.device.posture, tokenDeps, previous?.postures)
  const parts = {
    postures,
    entrypoints: compileEntrypoints(settings.entrypoints),
    tokens: createTokenVerifier(settings.identity, tokenDeps, previous?.tokens),
    context: compileContext(settings, {
      openPlaces: deps.openPlaces,
      baseDir: deps.folder ?? baseDir,
      postures: postures.ok ? postures.value : undefined,
    }),
    risk: compileRisk(settings.risk, deps.signals),
    policy: compilePolicy(settings, reasonsOf(deps.signals)),
  }
  const problems = Object.values(parts).flatMap((part): readonly SettingsProblem[] =>
    part.ok ? [] : part.problems,
  )
  const { entrypoints, tokens, context, risk, policy } = parts
  if (!postures.ok || !entrypoints.ok || !tokens.ok || !context.ok || !risk.ok || !policy.ok)
    return { ok: false, problems }
  const proofs = createProofVerifier(createNonces(keys.nonce, deps.entropy))
  const hops = createHopSigner(keys.hop)
  const acknowledge = { unverifiedCaller: deps.isUnverifiedCallerAcknowledged }
  return {
    ok: true,
    value: Object.freeze({
      settings,
      hash,
      entrypoints: entrypoints.value,
      tokens: tokens.value,
      postures: postures.value,
      identity: compileIdentity({ tokens: tokens.value, proofs, hops }, acknowledge, settings.identity),
      context: context.value,
      history: compileHistory({
        limits: settings.risk.limits,
        store: deps.store,
        keys: deps.historyKeys,
        replay: deps.localReplay,
        clock,
        budgetMs: deps.storeBudgetMs,
        meter,
      }),
      risk: risk.value,
      policy: policy.value,
      enforcement: compileEnforcement(
        settings.enforcement,
        settings.identity,
        settings.actions,
        settings.entrypoints,
      ),
      retryAfterSeconds: settings.enforcement.retryAfterSeconds,
    }),
  }
}

/** Every reason that a signal may give, as conditions and records spell it. */
const reasonsOf = (signals: readonly Signal[]): string[] =>
  signals.flatMap(({ id, reasons }) => Object.keys(reasons).map((reason) => `risk.${id}.${reason}`))
