import { type AuditRecord, toRecord } from '../../src/audit/record.ts'
import type { Outcome } from '../../src/model.ts'

/** The record as it is read back from a file. @param headers that configuration lists */
export const recordOf = (outcome: Outcome, headers: readonly string[] = []): AuditRecord =>
  JSON.parse(JSON.stringify(toRecord(outcome, { durationUs: 0, config: 'test', headers })))
