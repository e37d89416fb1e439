import { readFileSync } from 'node:fs'
import type { AuditRecord } from '../../src/audit/record.ts'
import { waitUntil } from '../../test/harness/wait.ts'

export type { AuditRecord }

/**
 * The audit record with this decision id or request id. Records are written after the answer, so it may come a moment
 * later. @throws Error when there is no id to look for
 */
export async function recordOf(path: string, id: string | undefined): Promise<AuditRecord> {
  if (id === undefined) throw new Error('the answer names neither decision nor request')
  return waitUntil(`the record of ${id}`, 5000, () => {
    // What stands after the last line break is a line that is still being written.
    const lines = readFileSync(path, 'utf8').split('\n').slice(0, -1)
    const line = lines.find((text) => text.includes(id))
    return line === undefined ? undefined : (JSON.parse(line) as AuditRecord)
  })
}
