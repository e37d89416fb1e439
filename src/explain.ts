import type { AuditRecord } from './audit/record.ts'
import { type ExplainArgs, explainFile } from './cli/explain/index.ts'
import { EXIT, type Io } from './cli/io.ts'
import { formatProblem } from './config/format.ts'
import { readSettings } from './config/read.ts'
import { COMPILES_ONLY, type OfflineDeps, openOffline } from './offline.ts'
import { type WhatIf, whatIf } from './what-if.ts'

/** `vigil explain`: with a configuration the decision is also made again, as it was and otherwise. */
export async function explainRecords(args: ExplainArgs, io: Io, deps: OfflineDeps): Promise<number> {
  if (args.config === undefined) return await explainFile(args, io)
  const { app } = await openOffline(args.config, deps, COMPILES_ONLY)
  try {
    const read = await readSettings(args.config, (settings, hash, folder) =>
      app.compile({ ...settings, audit: { ...settings.audit, sinks: [] } }, hash, folder),
    )
    if (!read.ok) {
      for (const problem of read.problems) io.stderr(`${formatProblem(problem)}\n`)
      return EXIT.refused
    }
    const snapshot = read.value
    return await explainFile(args, io, (line) => again(line, (record) => whatIf(record, snapshot)))
  } finally {
    await app.close()
  }
}

/** What is in a file may be cut or forged: a record from which nothing can be decided again is one to tell less of. */
function again(line: string, decide: (record: AuditRecord) => WhatIf): WhatIf | undefined {
  try {
    return decide(JSON.parse(line))
  } catch {
    return undefined
  }
}
