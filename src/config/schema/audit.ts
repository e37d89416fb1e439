import { z } from 'zod'

/** `audit`: where records go, and which of them. */

const everySink = {
  plainPercent: z
    .number()
    .min(0)
    .max(100)
    .default(100)
    .describe(
      'Share of plain allows that are kept, chosen by decision id; 0: none. All that is not plain is always kept.',
    ),
}

const stdoutSink = z.strictObject({
  kind: z.literal('stdout').describe('JSON lines on standard output.'),
  ...everySink,
})

const fileSink = z.strictObject({
  kind: z.literal('file').describe('JSON lines in a file.'),
  path: z.string().min(1).describe('JSON lines are appended here.'),
  ...everySink,
})

export const auditSettings = z
  .strictObject({
    sinks: z
      .array(z.discriminatedUnion('kind', [stdoutSink, fileSink]))
      .prefault([{ kind: 'stdout' }])
      .describe('Where records go.'),
    queue: z
      .number()
      .int()
      .min(1)
      .default(10_000)
      .describe('Records waiting at most; more are dropped and counted.'),
  })
  .prefault({})

export type AuditSettings = z.output<typeof auditSettings>
export type SinkSettings = AuditSettings['sinks'][number]
