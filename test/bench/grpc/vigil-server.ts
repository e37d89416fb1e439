import { startCheckServer } from '../../../src/check/server.ts'
import { silentLog } from '../../../src/ports.ts'
import { openBenchApp } from '../app.ts'
import { type BenchOptions, benchSettings } from '../settings.ts'
import { reportUsage } from './usage.ts'

export interface VigilOptions extends Pick<BenchOptions, 'jwks' | 'maxTokens'> {
  /** Absent: the memory store. */
  readonly redisPort?: number | undefined
  /** Absent: the default. */
  readonly transport?: 'http2' | 'grpc-js' | undefined
}

/** The real service with its gRPC listener; its argument is VigilOptions as JSON. */
const options = JSON.parse(process.argv[2] ?? '') as VigilOptions
const bench = await openBenchApp(options.redisPort)
await bench.use(benchSettings({ ...options, records: bench.records }))
const { transport = bench.fixed.server.transport } = options
const server = await startCheckServer({ ...bench.fixed.server, transport }, bench.handler(), silentLog)
server.setServing(true)
process.on('exit', bench.forget)
reportUsage()
process.send?.({ value: server.addresses[0] })
