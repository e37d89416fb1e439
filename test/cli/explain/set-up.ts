import { readRecord } from '../../../src/audit/reading.ts'
import { type Explanation, explain } from '../../../src/cli/explain/explanation.ts'
import type { Assessment, Decision, Outcome, Subject } from '../../../src/model.ts'
import { sampleOutcome } from '../../support/edge-samples.ts'
import { type Json, recordOf } from '../records/fixtures.ts'

const SENTENCES = new Map([['risk.new-device.unseen', 'Never seen before.']])

export function explained(record: Json): Explanation {
  const read = readRecord(JSON.stringify(record))
  if (typeof read === 'string') throw new Error(read)
  return explain(read, SENTENCES)
}

export const BASE = { shadow: [], degraded: [] } as const
export const of = (decision: Decision, over: Partial<Outcome> = {}, subject?: Subject) =>
  explained(recordOf({ decision, ...over }, subject))

type Stages = NonNullable<Outcome['stages']>
export const staged = (over: Partial<Stages>): Partial<Outcome> => {
  const { stages } = sampleOutcome()
  return stages === undefined ? {} : { stages: { ...stages, ...over } }
}

export const atRisk = (score: number, nats: readonly number[]): Assessment => ({
  score,
  level: 'high',
  findings: nats.map((each, i) => ({ signal: `s${i}`, reason: `risk.s${i}.x`, nats: each, detail: {} })),
  failed: [],
})
