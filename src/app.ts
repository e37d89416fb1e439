import { type Auditor, createAuditor } from './audit/index.ts'
import type { Decider } from './check/handler.ts'
import type { Settings } from './config/schema/settings.ts'
import type { StaticSettings } from './config/schema/static.ts'
import type { Compiled } from './errors.ts'
import { createHistoryKeys, createLearner, createLocalReplay } from './history/index.ts'
import { decide, refuseOutright } from './pipeline.ts'
import {
  type Clock,
  type Entropy,
  type InstanceKeys,
  type Log,
  type Meter,
  noPlaces,
  type OpenPlaces,
  type OpenRecordExport,
  type Tracing,
} from './ports.ts'
import { discoverSignals } from './risk/discover.ts'
import { compileSnapshot, type Snapshot, type SnapshotDeps } from './snapshot.ts'
import type { Store } from './store/store.ts'
import { observe } from './telemetry/observe.ts'

export interface AppOptions {
  readonly fixed: Pick<StaticSettings, 'store' | 'acknowledge'>
  readonly store: Store
  readonly keys: InstanceKeys
  readonly clock: Clock
  readonly entropy: Entropy
  readonly meter: Meter
  readonly log: Log
  readonly baseDir: string
  readonly openExport?: OpenRecordExport | undefined
  readonly tracing?: Tracing | undefined
  /** Absent: nothing is known of networks. */
  readonly openPlaces?: OpenPlaces
  readonly schedule: (ms: number, run: () => void) => () => void
  readonly defer: (run: () => void) => void
}

/** The service without its listeners: settings become snapshots, checks become outcomes. */
export interface App {
  /**
   * Settings -> snapshot; keys of unchanged issuers are taken over from the one in use.
   * @param folder where the settings really stood when they were read: files beside them are of the same generation
   */
  compile(settings: Settings, hash: string, folder?: string): Compiled<Snapshot>
  /** Puts a snapshot in use from the next check on. */
  use(snapshot: Snapshot): Promise<void>
  /**
   * The decider of the snapshot in use.
   * @throws until there is one: deciding fails closed
   */
  readonly decider: () => Decider
  readonly current: () => Snapshot | undefined
  /** Writes what was learned and recorded so far. */
  flush(): Promise<void>
  close(): Promise<void>
}

export async function createApp(options: AppOptions): Promise<App> {
  const { meter, log, store, tracing } = options
  const historyKeys = createHistoryKeys(options.keys.store)
  const deps: SnapshotDeps = {
    ...options,
    historyKeys,
    localReplay: createLocalReplay(),
    storeBudgetMs: options.fixed.store.budgetMs,
    signals: await discoverSignals(),
    openPlaces: options.openPlaces ?? noPlaces,
    isUnverifiedCallerAcknowledged: options.fixed.acknowledge.unverifiedCaller,
  }
  const auditor = createAuditor(options)
  const learner = createLearner({
    store,
    keys: historyKeys,
    meter,
    log,
    schedule: options.schedule,
    retention: options.fixed.store.retention,
  })
  let current: { readonly snapshot: Snapshot; readonly decider: Decider } | undefined
  return {
    compile: (settings, hash, folder) =>
      compileSnapshot(settings, hash, folder === undefined ? deps : { ...deps, folder }, current?.snapshot),
    use: async (snapshot) => {
      // First of all: where its sinks cannot be made, the configuration is not in use.
      const closed = auditor.configure(snapshot.settings.audit)
      current = { snapshot, decider: createDecider(snapshot, { auditor, learner, meter, tracing }) }
      meter.set('vigil_observing', OBSERVING[snapshot.enforcement.observes])
      await closed
    },
    decider: () => {
      if (current === undefined) throw new Error('no configuration is in use yet')
      return current.decider
    },
    current: () => current?.snapshot,
    flush: () => learner.flush(),
    close: async () => {
      await learner.flush()
      await auditor.close()
      await store.close()
    },
  }
}

const OBSERVING = { nothing: 0, part: 1, everything: 2 } as const

type Learner = ReturnType<typeof createLearner>

interface Around {
  readonly auditor: Auditor
  readonly learner: Learner
  readonly meter: Meter
  readonly tracing: Tracing | undefined
}

function createDecider(snapshot: Snapshot, { auditor, learner, meter, tracing }: Around): Decider {
  const { hash, settings } = snapshot
  return {
    decide: (check) =>
      auditor.admit(check)
        ? decide(check, snapshot, tracing?.begin(check))
        : Promise.resolve(refuseOutright(check, 'audit.record.unavailable', snapshot)),
    refuse: (check, failure) => refuseOutright(check, failure, snapshot),
    abandon: (check) => auditor.abandon(check),
    finish: (outcome, durationMs) => {
      const { check, stages, decision, answer } = outcome
      const context = {
        durationUs: Math.round(durationMs * 1000),
        config: hash,
        headers: settings.context.requestHeaders,
      }
      // First of all: a required record has a place that must be given back, whatever goes wrong with the rest.
      auditor.record(outcome, context)
      // A refusal that was only observed teaches nothing either: nobody was challenged, so no login will answer.
      if (stages !== undefined && answer.effect !== 'observe')
        learner.learn(check, stages.subject, stages.facts, stages.past, decision)
      observe(outcome, durationMs, meter)
      tracing?.end(outcome, durationMs)
    },
  }
}
