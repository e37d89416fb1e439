/**
 * `node test/bench/telemetry.ts`: what metrics and traces cost a check, on against off. In process, single-threaded, with
 * the memory store and records to a file; processor time of interleaved rounds, spans made and sent included. The
 * collector is a process of its own that takes everything.
 */
import { fork } from 'node:child_process'
import { createServer } from 'node:http'
import { trace } from '@opentelemetry/api'
import { systemClock as clock } from '../../src/clock.ts'
import { silentMeter } from '../../src/ports.ts'
import { startTelemetry } from '../../src/telemetry/telemetry.ts'
import { createTracing } from '../../src/telemetry/traces.ts'
import { openBenchApp } from './app.ts'
import { summariseRatios } from './interval.ts'
import { benchSettings } from './settings.ts'
import { spread } from './stats.ts'
import { createMint, jwksOf, makeWorkload } from './workload.ts'

const ROUNDS = 61
const CHECKS = 2000
const WARM_UP = 10
const USERS = 500
const GOAL = 1.1
const CALLER = { state: 'unverified', sans: [] } as const
const SAMPLED = { traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01' }
/** What docs/telemetry.md shows. */
const TRACES_PER_SECOND = 100
const METRICS_SECONDS = 30

function serveCollector(): void {
  const server = createServer((request, response) => {
    request.resume()
    request.on('end', () => response.end())
  })
  server.listen(0, '127.0.0.1', () => process.send?.(server.address()))
  process.once('disconnect', () => process.exit())
}

interface Variant {
  readonly name: string
  /** @returns processor time of one check in microseconds */
  readonly round: () => Promise<number>
  readonly close: () => Promise<void>
}

async function main(): Promise<void> {
  const collector = fork(import.meta.filename, ['collector'], { stdio: 'inherit' })
  const { port } = await new Promise<{ port: number }>((resolve) =>
    collector.once('message', resolve as never),
  )
  const target = { url: `http://127.0.0.1:${port}`, timeoutMs: 10_000, headers: {} }
  const otlp = { ...target, tracesPerSecond: TRACES_PER_SECOND, metricsSeconds: METRICS_SECONDS }
  const { meter, tracing, close } = await startTelemetry({ clock, otlp })
  const workload = makeWorkload(USERS)
  const mint = createMint(workload, SAMPLED)
  const messages = Array.from({ length: USERS }, (_, user) => mint.bearer(user))

  const variant = async (name: string, own: object): Promise<Variant> => {
    const bench = await openBenchApp(undefined, { meter: silentMeter, close: async () => undefined, ...own })
    await bench.use(benchSettings({ jwks: jwksOf(workload), records: bench.records }))
    const handler = bench.handler()
    const round = async () => {
      const start = process.cpuUsage()
      for (let i = 0; i < CHECKS; i++) {
        await handler.handle(messages[i % USERS] as Buffer, CALLER)
        if (i % 50 === 49) await new Promise((resume) => setImmediate(resume))
      }
      await bench.app.flush()
      // Spans are sent in heaps: each round pays for its own.
      if ('tracing' in own) await flushSpans()
      const { user, system } = process.cpuUsage(start)
      return (user + system) / CHECKS
    }
    return { name, round, close: bench.close }
  }
  const everyCheck = createTracing(trace.getTracer('vigil'), clock, Number.POSITIVE_INFINITY)
  const variants = [
    await variant('off', {}),
    await variant('metrics', { meter }),
    await variant(`metrics, and traces of at most ${TRACES_PER_SECOND} checks a second`, { meter, tracing }),
    await variant('metrics, and a trace of every check', { meter, tracing: everyCheck }),
  ]
  report(variants, await measured(variants))
  for (const each of variants) await each.close()
  await close()
  collector.disconnect()
}

/** @returns of each variant the figures of its rounds; each round begins with another variant */
async function measured(variants: readonly Variant[]): Promise<number[][]> {
  const figures: number[][] = variants.map(() => [])
  for (let turn = -WARM_UP; turn < ROUNDS; turn++) {
    for (let i = 0; i < variants.length; i++) {
      const at = (i + turn + WARM_UP) % variants.length
      const us = await variants[at]?.round()
      if (turn >= 0 && us !== undefined) figures[at]?.push(us)
    }
  }
  return figures
}

function report(variants: readonly Variant[], figures: readonly number[][]): void {
  const off = figures[0] ?? []
  for (const [i, { name }] of variants.entries()) {
    const own = figures[i] ?? []
    const us = spread(own)
    // Against the same round: what else the machine did then is in both.
    const { mean, low, high } = summariseRatios(own.map((each, round) => each / (off[round] ?? Number.NaN)))
    const told = `${mean.toFixed(3)} of off [${low.toFixed(3)}, ${high.toFixed(3)}]`
    console.log(
      `${name}: ${us.median.toFixed(1)} us a check (${us.min.toFixed(1)} to ${us.max.toFixed(1)}), ${told}`,
    )
  }
  console.log(`goal: at most ${GOAL} of off`)
}

/** Behind the proxy that OpenTelemetry's API gives out stands the SDK's own. */
async function flushSpans(): Promise<void> {
  const provider = trace.getTracerProvider() as { getDelegate?: () => { forceFlush?: () => Promise<void> } }
  const flush = provider.getDelegate?.().forceFlush
  if (flush === undefined)
    throw new Error('spans cannot be flushed, so what they cost would be told of another round')
  await flush.call(provider.getDelegate?.())
}

if (process.argv[2] === 'collector') serveCollector()
else await main()
