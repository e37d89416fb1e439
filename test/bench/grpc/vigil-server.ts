import { startCheckServer } from '../../../src/check/server.ts'
import { silentLog } from '../../../src/ports.ts'
import { openBenchApp } from '../app.ts'
import { rulesOfMany } from '../rules.ts'
import { type BenchOptions, benchSettings } from '../settings.ts'
import { reportUsage } from './usage.ts'

export interface VigilOptions extends Pick<BenchOptions, 'jwks' | 'maxTokens'> {
  /** Absent: the memory store. */
  readonly redisPort?: number | undefined
  /** Absent: the default. */
  readonly transport?: 'http2' | 'grpc-js' | undefined
  /** Rules in all; absent: the ten of the settings. */
  readonly rules?: number | undefined
}

/** The real service with its gRPC listener; its argument is VigilOptions as JSON. */
const options = JSON.parse(process.argv[2] ?? '') as VigilOptions
const bench = await openBenchApp(options.redisPort)
const more = options.rules === undefined ? {} : rulesOfMany(options.rules)
await bench.use(benchSettings({ ...options, ...more, records: bench.records }))
const { transport = bench.fixed.server.transport } = options
const server = await startCheckServer({ ...bench.fixed.server, transport }, bench.handler(), silentLog)
server.setServing(true)
process.on('exit', bench.forget)
reportUsage()
process.send?.({ value: server.addresses[0] })
