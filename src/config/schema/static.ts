import { z } from 'zod'
import { seconds } from './common.ts'

/** `static.yaml`: a change needs a restart. */

const listen = z
  .string()
  .regex(/^(unix:\/.+|(\[[0-9a-fA-F:]+\]|[^:/\s]+):\d{1,5})$/, 'write host:port or unix:/path')

const serverSettings = z
  .strictObject({
    listen: z.array(listen).min(1).default(['127.0.0.1:9000']).describe('Where Envoys send their checks.'),
    tls: z
      .strictObject({
        certFile: z.string().describe('Certificate chain (PEM), reloaded when it changes.'),
        keyFile: z.string().describe('Private key (PEM), reloaded when it changes.'),
        clientCaFile: z
          .string()
          .optional()
          .describe('CA (PEM) of the Envoys’ client certificates; given: mTLS is required.'),
      })
      .optional()
      .describe('TLS of TCP listeners; absent: plaintext, and records say `caller unverified`.'),
    transport: z
      .enum(['http2', 'grpc-js'])
      .default('http2')
      .describe('What speaks gRPC: Vigil’s own on node:http2, or @grpc/grpc-js, which costs more per check.'),
    callers: z
      .array(z.string().min(1))
      .optional()
      .describe('SANs of the Envoys that may ask; needs tls.clientCaFile.'),
    deadlineMs: z
      .number()
      .int()
      .min(1)
      .max(60_000)
      .default(150)
      .describe('Longest time for one check; then 503.'),
    maxInFlight: z.number().int().min(1).default(1000).describe('Checks at once; beyond it: 503 at once.'),
    maxMessageBytes: z
      .number()
      .int()
      .min(1024)
      .default(4 * 1024 * 1024)
      .describe('Largest check (with body) that is decided; a larger one is denied with 413.'),
    drainDelaySeconds: seconds
      .default(10)
      .describe(
        'After SIGTERM health says NOT_SERVING, and checks are served this long; SIGINT does not wait.',
      ),
    drainTimeoutSeconds: seconds.default(20).describe('Then checks in flight may take this long.'),
  })
  .prefault({})

const node = z.string().regex(/^(\[[0-9a-fA-F:]+\]|[^:/\s]+):\d{1,5}$/, 'write host:port')

/** @param server whose they are */
const redisTls = (server: string) =>
  z
    .strictObject({
      caFile: z.string().optional().describe(`CA (PEM) of ${server}; absent: the CAs of the system.`),
      certFile: z.string().optional().describe('Client certificate (PEM).'),
      keyFile: z.string().optional().describe('Private key of the client certificate (PEM).'),
      serverName: z
        .string()
        .optional()
        .describe('Name that the server’s certificate must carry; absent: the host it is reached by.'),
    })
    .optional()

const sentinelSettings = z.strictObject({
  name: z.string().min(1).describe('What the Sentinels call the primary.'),
  nodes: z.array(node).min(1).describe('The Sentinels, `host:port` each.'),
  username: z.string().optional().describe('ACL user at the Sentinels.'),
  passwordFile: z
    .string()
    .optional()
    .describe('File that holds the password for the Sentinels, read again for each connection.'),
  tls: redisTls('the Sentinels').describe('TLS to the Sentinels; absent: plaintext.'),
})

const clusterSettings = z.strictObject({
  nodes: z.array(node).min(1).describe('Some nodes, `host:port` each; they tell of the others.'),
})

const redisSettings = z.strictObject({
  host: z.string().min(1).default('127.0.0.1').describe('Host of Redis (>= 7) or Valkey.'),
  port: z.number().int().min(1).max(65535).default(6379).describe('Port.'),
  database: z.number().int().min(0).default(0).describe('Number of the database.'),
  username: z.string().optional().describe('ACL user.'),
  passwordFile: z
    .string()
    .optional()
    .describe('File that holds the password, read again for each connection.'),
  tls: redisTls('the server').describe('TLS to the store; absent: plaintext. `{}` takes the defaults.'),
  sentinel: sentinelSettings
    .optional()
    .describe('Sentinels that tell where the primary is, in place of `host` and `port`.'),
  cluster: clusterSettings.optional().describe('Redis Cluster, in place of `host` and `port`.'),
  keyPrefix: z
    .string()
    .regex(/^[\x21-\x7a]*$/)
    .default('vigil:')
    .describe('Before every key.'),
})

/** A day at least: a challenge must outlive the hour in which its answer is waited for. */
const days = z.number().int().min(1)

const retentionSettings = z
  .strictObject({
    profileDays: days
      .max(3650)
      .default(90)
      .describe(
        'The profile of an identity is kept for so long after the last request that taught it or was challenged.',
      ),
    sessionDays: days
      .max(365)
      .default(7)
      .describe('A session is kept for so long after the last request that taught it or was challenged.'),
  })
  .prefault({})

const lastGoodSettings = z
  .strictObject({
    keep: z
      .boolean()
      .default(true)
      .describe('The configuration in use is kept in Redis, for a start at which `vigil.yaml` is bad.'),
    name: z
      .string()
      .min(1)
      .max(253)
      .default('vigil')
      .describe('Another one for each Deployment of another configuration, where they share store and key.'),
  })
  .prefault({})

const storeSettings = z
  .strictObject({
    kind: z
      .enum(['memory', 'redis'])
      .default('memory')
      .describe('`memory` is for one process; replicas share `redis`.'),
    budgetMs: z
      .number()
      .int()
      .min(1)
      .max(10_000)
      .default(20)
      .describe('Longest wait for the store in one check.'),
    memory: z
      .strictObject({
        maxEntries: z
          .number()
          .int()
          .min(1)
          .max(16_000_000)
          .default(1_000_000)
          .describe(
            'Entries kept at most. For each, about 50 bytes of address space are set aside at the start.',
          ),
        seedFile: z.string().optional().describe('JSON lines `{key, value, ttlMs}` read once at start.'),
      })
      .prefault({})
      .describe('For `kind: memory`.'),
    redis: redisSettings.optional().describe('For `kind: redis`.'),
    retention: retentionSettings.describe('How long it is remembered what checks have taught.'),
  })
  .prefault({})

export const staticSettings = z.strictObject({
  server: serverSettings.describe('The gRPC listener for Envoy.'),
  probes: z
    .strictObject({ listen: listen.default('127.0.0.1:9090').describe('HTTP: /livez, /readyz, /metrics.') })
    .prefault({})
    .describe('Health and metrics.'),
  store: storeSettings.describe('Shared state.'),
  lastGood: lastGoodSettings.describe(
    'What a start from a bad `vigil.yaml` falls back to; not with `memory`.',
  ),
  instanceKeyFile: z
    .string()
    .optional()
    .describe(
      'YAML or JSON with `root`, `current`, `previous` (base64url, 32 bytes each). Required with redis.',
    ),
  acknowledge: z
    .strictObject({
      unverifiedCaller: z
        .boolean()
        .default(false)
        .describe('Accept peer identities and certificates told by an Envoy that has not proved who it is.'),
      observe: z
        .boolean()
        .default(false)
        .describe('Accept `observe` as a mode: requests that would be refused pass.'),
    })
    .prefault({})
    .describe('Risks taken on purpose.'),
  telemetry: z
    .strictObject({
      logLevel: z
        .enum(['debug', 'info', 'warn', 'error'])
        .default('info')
        .describe('Least level that is written.'),
      otlp: z
        .strictObject({
          url: z
            .string()
            .regex(/^https?:\/\/[^\s/?#][^\s?#]*$/, 'write a URL, e.g. http://127.0.0.1:4318')
            .describe('Collector that speaks OTLP over HTTP, without `/v1/…`.'),
          headersFile: z
            .string()
            .optional()
            .describe('File with one `name: value` a line, such as the token of the collector.'),
          timeoutMs: z
            .number()
            .int()
            .min(100)
            .max(60_000)
            .default(10_000)
            .describe('Longest time for one export, tries included.'),
          traces: z
            .enum(['none', 'parent'])
            .default('none')
            .describe(
              '`parent`: a span per stage of each check whose `traceparent` says that it is sampled.',
            ),
          tracesPerSecond: z
            .number()
            .int()
            .min(1)
            .max(100_000)
            .default(100)
            .describe('Checks that are traced at most in a second: a client may ask for a trace, too.'),
          metricsSeconds: z
            .number()
            .int()
            .min(0)
            .max(3600)
            .default(0)
            .describe('Metrics go there, too, every so many seconds; 0: they are only served to Prometheus.'),
        })
        .optional()
        .describe('Where OTLP goes: audit records of sinks of kind `otlp`, traces, metrics.'),
    })
    .prefault({})
    .describe('Logs of the service itself, and what goes to a collector.'),
})

export type StaticSettings = z.output<typeof staticSettings>
export type StoreSettings = z.output<typeof storeSettings>
export type RetentionSettings = z.output<typeof retentionSettings>
export type ServerSettings = z.output<typeof serverSettings>
