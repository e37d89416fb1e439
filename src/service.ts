import { type App, createApp } from './app.ts'
import { createCheckHandler } from './check/handler.ts'
import { startCheckServer } from './check/server.ts'
import { createLastGood, type LastGood, NOTHING_KEPT } from './config/last-good.ts'
import type { StaticSettings } from './config/schema/static.ts'
import { createOpenPlaces } from './context/index.ts'
import { StartError } from './errors.ts'
import { splitListen } from './lib/listen.ts'
import type { Clock, Entropy, InstanceKeys, Log } from './ports.ts'
import { type Readiness, startProbes } from './probes/server.ts'
import { readingsOf } from './readings.ts'
import type { Snapshot } from './snapshot.ts'
import { openStore } from './store/open.ts'
import type { Store } from './store/store.ts'
import type { Telemetry } from './telemetry/telemetry.ts'

export interface ServiceOptions {
  readonly fixed: StaticSettings
  readonly keys: InstanceKeys
  /** Folder of static.yaml: its files are relative to it. */
  readonly fixedDir: string
  /** Folder of vigil.yaml. */
  readonly baseDir: string
  readonly clock: Clock
  readonly entropy: Entropy
  readonly newId: () => string
  readonly log: Log
  readonly telemetry: Telemetry
}

/** The running service: app, gRPC listeners, probes. */
export interface Service {
  readonly app: App
  readonly lastGood: LastGood
  /** Whether what is in use is the last good configuration, because the mounted one was bad at the start. */
  setFromLastGood(isSo: boolean): void
  /** Opens the listeners; health says SERVING and readiness is true from now on. */
  listen(): Promise<{ readonly checks: readonly string[]; readonly probes: string }>
  /** Not ready, keep serving for the delay, then `close`. */
  drain(delaySeconds: number): Promise<void>
  /** Finishes what is in flight, writes what was learned and recorded, and lets go of everything; once. */
  close(): Promise<void>
}

const STORE_HEALTH_MS = 10_000

/** @throws StartError when a file of the store is unusable; `listen` when a certificate is, or a port is taken. */
export async function createService(options: ServiceOptions): Promise<Service> {
  const { fixed, clock, log, newId, telemetry } = options
  const { meter } = telemetry
  const store = await openStore(fixed.store, options.fixedDir, { clock, log, meter, newId })
  const defer = (run: () => void) => void setImmediate(run)
  const openPlaces = createOpenPlaces({ meter, log })
  const app = await createApp({
    ...options,
    meter,
    store,
    openPlaces,
    openExport: telemetry.openExport,
    tracing: telemetry.tracing,
    schedule,
    defer,
  })
  const handler = createCheckHandler(app.decider, {
    ...fixed.server,
    clock,
    newId: options.newId,
    defer,
    meter,
    log,
  })
  telemetry.onCollect(() => meter.set('vigil_checks_in_flight', handler.inFlight()))
  telemetry.onRead(() => readingsOf(app.current()))
  const { keep, name } = fixed.lastGood
  const lastGood = keep
    ? createLastGood({
        ...options,
        store,
        name,
        key: options.keys.lastGood,
        meter,
        schedule: scheduleQuietly,
      })
    : NOTHING_KEPT
  const closers: (() => Promise<void> | void)[] = [watchStore(store), lastGood.close.bind(lastGood)]
  let isFromLastGood = false
  let setServing: (isServing: boolean) => void = () => undefined
  let isServing = false
  const closeAll = async () => {
    for (const closeOne of closers.toReversed()) await closeOne()
    await app.close()
    await telemetry.close()
  }
  let closing: Promise<void> | undefined
  const close = () => {
    closing ??= closeAll()
    return closing
  }
  return {
    app,
    close,
    lastGood,
    setFromLastGood: (isSo) => {
      isFromLastGood = isSo
      meter.set('vigil_config_last_good_in_use', isSo ? 1 : 0)
    },
    listen: async () => {
      const starting = startProbes(...splitListen(fixed.probes.listen), {
        isReady: () => ({
          ready: isServing,
          reasons: isServing ? [] : ['starting or draining'],
          observes: observedShare(app.current()),
          degraded: isFromLastGood ? ['configuration'] : undefined,
        }),
        serveMetrics: (request, response) => telemetry.serveMetrics(request, response),
      })
      const probes = await orStartError('probes.listen', starting)
      closers.push(() => probes.close())
      const server = await orStartError('server', startCheckServer(fixed.server, handler, log))
      closers.push(() => server.close(fixed.server.drainTimeoutSeconds * 1000))
      setServing = (next) => {
        isServing = next
        server.setServing(next)
      }
      setServing(true)
      return { checks: server.addresses, probes: probes.address }
    },
    drain: async (delaySeconds) => {
      setServing(false)
      // Envoy must have seen the health change before the port closes.
      await new Promise((resolve) => schedule(delaySeconds * 1000, () => resolve(undefined)))
      await close()
    },
  }
}

function observedShare(inUse: Snapshot | undefined): Readiness['observes'] {
  const observes = inUse?.enforcement.observes
  return observes === 'nothing' ? undefined : observes
}

/** What fails here is a port or a certificate; the messages of the system and of OpenSSL name no secret. */
async function orStartError<T>(key: string, starting: Promise<T>): Promise<T> {
  try {
    return await starting
  } catch (error) {
    throw new StartError(`${key}: ${error instanceof Error ? error.message : 'unusable'}`, { cause: error })
  }
}

function schedule(ms: number, run: () => void): () => void {
  const timer = setTimeout(run, ms)
  return () => clearTimeout(timer)
}

/** As `schedule`, for what must not keep a process alive that has come to its end. */
function scheduleQuietly(ms: number, run: () => void): () => void {
  const timer = setTimeout(run, ms)
  timer.unref()
  return () => clearTimeout(timer)
}

/** Lets the store look at itself again and again; what it finds it tells by itself, as when it connects. */
function watchStore(store: Store): () => void {
  const look = () => void store.health()
  const timer = setInterval(look, STORE_HEALTH_MS)
  timer.unref()
  look()
  return () => clearInterval(timer)
}
