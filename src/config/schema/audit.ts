import { z } from 'zod'
import { name } from './common.ts'

/** `audit`: where records go, and which of them. */

/** What a record says of a person, by kind; docs/audit.md tells where each stands. */
const pseudonymised = z.enum([
  'subject',
  'actor',
  'client',
  'session',
  'device',
  'tenant',
  'path',
  'claims',
  'headers',
])

const everySink = {
  name: name.optional().describe('Name in metrics and in the log; absent: the kind.'),
  format: z
    .enum(['vigil', 'ocsf'])
    .default('vigil')
    .describe(
      '`vigil`: the whole record; `ocsf`: an event of OCSF 1.8, from which no decision can be made again.',
    ),
  plainPercent: z
    .number()
    .min(0)
    .max(100)
    .default(100)
    .describe(
      'Share of plain allows that are kept, chosen by decision id; 0: none. All that is not plain is always kept.',
    ),
  pseudonyms: z
    .array(pseudonymised)
    .default([])
    .describe('What is replaced by pseudonyms: the same for the same value, and nobody can turn them back.'),
  addresses: z
    .enum(['full', 'prefix', 'pseudonym'])
    .default('full')
    .describe('How addresses of clients are told; `prefix`: IPv4 as /24, IPv6 as /48.'),
}

const stdoutSink = z.strictObject({
  kind: z.literal('stdout').describe('JSON lines on standard output.'),
  ...everySink,
})

const fileSink = z.strictObject({
  kind: z.literal('file').describe('JSON lines in a file.'),
  path: z
    .string()
    .min(1)
    .describe(
      'JSON lines are appended here; a relative one begins in the folder in which Vigil was started.',
    ),
  rotate: z
    .strictObject({
      maxBytes: z
        .number()
        .int()
        .min(65_536)
        .optional()
        .describe('The file is moved away before it would grow larger; absent: whatever its size.'),
      maxAgeSeconds: z
        .number()
        .int()
        .min(60)
        .optional()
        .describe('The file is moved away by the first record after this time; absent: whatever its age.'),
      keep: z
        .number()
        .int()
        .min(0)
        .default(10)
        .describe('Files moved away that stay; older ones are removed.'),
    })
    .optional()
    .describe('When the file is moved away and a new one begun; absent: never by Vigil itself.'),
  ...everySink,
})

const otlpSink = z.strictObject({
  kind: z.literal('otlp').describe('OTLP logs to the collector of `telemetry.otlp` in the static file.'),
  ...everySink,
})

export const auditSettings = z
  .strictObject({
    sinks: z
      .array(z.discriminatedUnion('kind', [stdoutSink, fileSink, otlpSink]))
      .prefault([{ kind: 'stdout' }])
      .describe('Where records go.'),
    required: z
      .boolean()
      .default(false)
      .describe('Answer 503 while a sink is full or broken, instead of deciding what nobody can look up.'),
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
