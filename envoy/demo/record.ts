import { readFileSync } from 'node:fs'
import type { AuditRecord } from '../../src/audit/record.ts'
import { waitUntil } from '../../test/harness/wait.ts'

export type { AuditRecord }

/** The audit record of one decision. Records are written after the answer, so it may come a moment later. */
export function recordOf(path: string, decisionId: string): Promise<AuditRecord> {
  return waitUntil(`the record of decision ${decisionId}`, 5000, () => {
    // What stands after the last line break is a line that is still being written.
    const lines = readFileSync(path, 'utf8').split('\n').slice(0, -1)
    const line = lines.find((text) => text.includes(decisionId))
    return line === undefined ? undefined : (JSON.parse(line) as AuditRecord)
  })
}
