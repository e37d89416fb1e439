import { createAuditor } from '../../../src/audit/index.ts'
import { systemClock as clock } from '../../../src/clock.ts'
import { auditSettings } from '../../../src/config/schema/audit.ts'
import { staticSettings } from '../../../src/config/schema/static.ts'
import { createHistoryKeys, createLearner, type Schedule } from '../../../src/history/index.ts'
import { silentLog as log, type Meter, silentMeter } from '../../../src/ports.ts'
import { createMemoryStore } from '../../../src/store/memory.ts'
import { observe } from '../../../src/telemetry/observe.ts'
import { type Case, inTurn } from './measure.ts'
import type { Passed } from './stages.ts'

/** Counts what was lost: dropping is fast, and no figure. */
function countingMeter(): { meter: Meter; expectNoneLost(): void } {
  let lost = 0
  const add: Meter['add'] = (name, value) => {
    if (name.endsWith('_dropped_total')) lost += value
  }
  const expectNoneLost = () => {
    if (lost > 0) throw new Error(`${lost} were dropped while they were measured`)
  }
  return { meter: { ...silentMeter, add }, expectNoneLost }
}

/** Nothing is written by itself; the pause between two parts of a flush is a turn of the event loop. */
const schedule: Schedule = (ms, run) => {
  if (ms === 0) setImmediate(run)
  return () => undefined
}

/**
 * What follows an answer, part by part.
 * @param meter the service's own, to see what counting costs
 */
export async function afterCases(
  passed: readonly Passed[],
  records: string,
  meter: Meter,
): Promise<{ cases: Case[]; close(): Promise<void> }> {
  const counting = countingMeter()
  const deps = { meter: counting.meter, log, schedule, clock, keys: { pseudonym: Buffer.alloc(32, 1) } }
  const auditor = createAuditor(deps)
  await auditor.configure(auditSettings.parse({ sinks: [{ kind: 'file', path: records }], queue: 100_000 }))
  const context = { durationUs: 123, config: 'bench', headers: [] }
  const store = createMemoryStore({ maxEntries: 100_000, clock })
  const { retention } = staticSettings.parse({}).store
  const learner = createLearner({ ...deps, store, retention, keys: createHistoryKeys(Buffer.alloc(32, 1)) })
  const learn = inTurn(passed, ({ check, subject, facts, past, outcome }) =>
    learner.learn(check, subject, facts, past, outcome.decision),
  )
  const settle = async () => {
    await learner.flush()
    counting.expectNoneLost()
  }
  const record = inTurn(passed, ({ outcome }) => auditor.record(outcome, context))
  const count = inTurn(passed, ({ outcome }) => observe(outcome, 0.1, meter))
  return {
    cases: [
      { name: 'record: JSON into the queue', batch: record, settle },
      { name: 'learn: into the queue', batch: learn, settle },
      { name: 'learn: merged into the memory store', prepare: learn, batch: () => learner.flush(), settle },
      { name: 'metrics', batch: count },
    ],
    close: () => auditor.close(),
  }
}
