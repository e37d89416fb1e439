import { startCheckServer } from '../../../src/check/server.ts'
import { silentLog } from '../../../src/ports.ts'
import { openBenchApp } from '../app.ts'
import { benchSettings } from '../settings.ts'
import { reportUsage } from './usage.ts'

/** The real service with its gRPC listener. Arguments: jwks, port of Redis (none: memory store). */
const [jwks = '', redisPort] = process.argv.slice(2)
const bench = await openBenchApp(redisPort === undefined ? undefined : Number(redisPort))
await bench.use(benchSettings({ jwks: JSON.parse(jwks), records: bench.records }))
const server = await startCheckServer(bench.fixed.server, bench.handler(), silentLog)
server.setServing(true)
process.on('exit', bench.forget)
reportUsage()
process.send?.({ value: server.addresses[0] })
