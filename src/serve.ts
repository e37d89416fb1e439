import { resolve } from 'node:path'
import { EXIT, type Io } from './cli/io.ts'
import type { ServeArgs } from './cli/run.ts'
import { formatProblem } from './config/format.ts'
import { randomInstanceKey, readInstanceKey } from './config/instance-key.ts'
import { createLive, logWarnings } from './config/live.ts'
import { readOtlpHeaders } from './config/otlp-headers.ts'
import { type Compile, folderOf, readSettings, readStatic } from './config/read.ts'
import { type StaticSettings, staticSettings } from './config/schema/static.ts'
import { checkTogether } from './config/semantic-static.ts'
import type { Compiled } from './errors.ts'
import type { Clock, Entropy, Log } from './ports.ts'
import { createService, type Service } from './service.ts'
import type { Snapshot } from './snapshot.ts'
import type { Collector } from './telemetry/collector.ts'
import { createLog } from './telemetry/log.ts'
import { startTelemetry, type Telemetry } from './telemetry/telemetry.ts'
import { deriveInstanceKeys } from './tokens/instance-keys.ts'

export type StopSignal = 'SIGTERM' | 'SIGINT'

export interface ServeDeps {
  readonly clock: Clock
  readonly entropy: Entropy
  readonly newId: () => string
  /** Resolves when the process is told to end; calls back when it is told to read its configuration again. */
  readonly untilStopped: (onReload: () => void) => Promise<StopSignal>
}

/** `vigil serve`: static settings, keys, service, first configuration, listeners; then until the signal, then drain. */
export async function serve(args: ServeArgs, io: Io, deps: ServeDeps): Promise<number> {
  const startMs = deps.clock.monotonicMs()
  const fixed = await readFixed(args, io)
  if (fixed === undefined) return EXIT.refused
  const log = createLog(fixed.telemetry.logLevel)
  const fixedDir = folderOf(args.fixed ?? args.config)
  const telemetry = await startTelemetry({ clock: deps.clock, otlp: await collectorOf(fixed, fixedDir) })
  const { instanceKeyFile } = fixed
  const secrets =
    instanceKeyFile === undefined
      ? randomInstanceKey(deps.entropy)
      : await readInstanceKey(resolve(fixedDir, instanceKeyFile))
  const service = await createService({
    ...deps,
    fixed: withAbsolutePaths(fixed, fixedDir),
    keys: deriveInstanceKeys(secrets),
    fixedDir,
    baseDir: folderOf(args.config),
    log,
    telemetry,
  })
  try {
    return await run(service, args, io, { ...deps, fixed, log, telemetry, startMs })
  } finally {
    // After a drain there is nothing left to close; after a failed start nothing must keep the process alive.
    await service.close()
  }
}

async function collectorOf({ telemetry }: StaticSettings, dir: string): Promise<Collector | undefined> {
  if (telemetry.otlp === undefined) return undefined
  const { url, timeoutMs, headersFile, traces, tracesPerSecond, metricsSeconds } = telemetry.otlp
  const headers = headersFile === undefined ? {} : await readOtlpHeaders(resolve(dir, headersFile))
  return {
    url,
    timeoutMs,
    headers,
    tracesPerSecond: traces === 'parent' ? tracesPerSecond : 0,
    metricsSeconds,
  }
}

interface Running extends ServeDeps {
  readonly fixed: StaticSettings
  readonly log: Log
  readonly telemetry: Telemetry
  readonly startMs: number
}

async function run(service: Service, args: ServeArgs, io: Io, deps: Running): Promise<number> {
  const { fixed, log, telemetry, clock } = deps
  const read = () => readSettings(args.config, (...read) => compile(service, fixed, ...read))
  const first = await read()
  if (!first.ok) {
    for (const problem of first.problems) io.stderr(`${formatProblem(problem)}\n`)
    return EXIT.refused
  }
  logWarnings(log, first.warnings)
  const use = (snapshot: Snapshot) => putInUse(service, snapshot, log)
  await use(first.value)
  const listening = await service.listen()
  const hashOf = ({ hash }: Snapshot) => hash
  // A file of rules that is no longer there shows in nothing else.
  const summaryOf = ({ settings }: Snapshot) => ({ rules: settings.policy.length })
  const live = createLive(
    { file: args.config, read, hashOf, summaryOf, use, meter: telemetry.meter, log, schedule },
    first.value,
  )
  // Before the line that says it serves: whoever reads that may end it at once, and it must drain all the same.
  const stopped = deps.untilStopped(() => void live.reload().catch(() => undefined))
  log.info('vigil serves', {
    ...listening,
    config: first.value.hash,
    ...summaryOf(first.value),
    startMs: Math.round(clock.monotonicMs() - deps.startMs),
  })
  const signal = await stopped
  // SIGINT is a person at a terminal, and no Envoy needs time to see the health change.
  const delaySeconds = signal === 'SIGINT' ? 0 : fixed.server.drainDelaySeconds
  log.info('vigil drains; a second signal ends it at once', { signal, delaySeconds })
  live.close()
  await service.drain(delaySeconds)
  log.info('vigil ended')
  return EXIT.ok
}

async function putInUse(service: Service, snapshot: Snapshot, log: Log): Promise<void> {
  // Keys first: the generation must not start with checks that wait for them.
  const [states] = await Promise.all([snapshot.tokens.start(), snapshot.postures?.start()])
  for (const state of states.filter((each) => each.state !== 'loaded'))
    log.warn('keys of an issuer are not loaded', { ...state })
  await service.app.use(snapshot)
}

function schedule(ms: number, act: () => void): () => void {
  const timer = setTimeout(act, ms)
  return () => clearTimeout(timer)
}

function compile(
  service: Service,
  fixed: StaticSettings,
  ...read: Parameters<Compile<Snapshot>>
): Compiled<Snapshot> {
  const [settings, hash] = read
  // Most looks find nothing new, and compiling all of it costs far more than reading it.
  const inUse = service.app.current()
  if (inUse?.hash === hash) return { ok: true, value: inUse }
  const problems = checkTogether(settings, fixed)
  return problems.length > 0 ? { ok: false, problems } : service.app.compile(...read)
}

async function readFixed(args: ServeArgs, io: Io): Promise<StaticSettings | undefined> {
  if (args.fixed === undefined) return staticSettings.parse({})
  const read = await readStatic(args.fixed)
  if (read.ok) return read.value
  for (const problem of read.problems) io.stderr(`${formatProblem(problem)}\n`)
  return undefined
}

/** Certificate files are relative to static.yaml, wherever the process was started. */
function withAbsolutePaths(fixed: StaticSettings, dir: string): StaticSettings {
  const { tls } = fixed.server
  if (tls === undefined) return fixed
  const { certFile, keyFile, clientCaFile } = tls
  const absolute = {
    certFile: resolve(dir, certFile),
    keyFile: resolve(dir, keyFile),
    ...(clientCaFile === undefined ? {} : { clientCaFile: resolve(dir, clientCaFile) }),
  }
  return { ...fixed, server: { ...fixed.server, tls: absolute } }
}
