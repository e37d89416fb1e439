import { randomBytes, randomUUID } from 'node:crypto'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createApp } from '../../src/app.ts'
import { createCheckHandler } from '../../src/check/handler.ts'
import { startCheckServer } from '../../src/check/server.ts'
import { systemClock as clock } from '../../src/clock.ts'
import { settings as schema } from '../../src/config/schema/settings.ts'
import { staticSettings } from '../../src/config/schema/static.ts'
import { silentLog as log } from '../../src/ports.ts'
import { openStore } from '../../src/store/open.ts'
import { startTelemetry } from '../../src/telemetry/telemetry.ts'
import { deriveInstanceKeys } from '../../src/tokens/instance-keys.ts'
import { reportUsage } from './usage.ts'
import { benchSettings } from './workload.ts'

/** The real service without its process: check server, pipeline, telemetry, audit to a file. Arguments: jwks, redis port. */
const [jwks = '{"keys":[]}', redisPort = ''] = process.argv.slice(2)
const store = redisPort === '' ? { kind: 'memory' } : { kind: 'redis', redis: { port: Number(redisPort) } }
const fixed = staticSettings.parse({ server: { listen: ['127.0.0.1:0'] }, store, instanceKeyFile: 'unused' })
const { meter } = startTelemetry()
const secret = randomBytes(32)
const app = await createApp({
  fixed,
  store: openStore(fixed.store, '.', { clock, log, meter }),
  keys: deriveInstanceKeys({ root: secret, current: secret }),
  clock,
  entropy: randomBytes,
  meter,
  log,
  baseDir: '.',
  schedule: (ms, run) => {
    const timer = setTimeout(run, ms)
    return () => clearTimeout(timer)
  },
  defer: (run) => void setImmediate(run),
})
const records = join(tmpdir(), `vigil-bench-${process.pid}.jsonl`)
const compiled = app.compile(schema.parse(benchSettings(JSON.parse(jwks), records)), 'bench')
if (!compiled.ok) throw new Error(JSON.stringify(compiled.problems))
await compiled.value.tokens.start()
await app.use(compiled.value)
const options = {
  ...fixed.server,
  clock,
  newId: randomUUID,
  defer: (run: () => void) => void setImmediate(run),
  meter,
  log,
}
const server = await startCheckServer(fixed.server, createCheckHandler(app.decider, options), log)
server.setServing(true)
process.send?.({ address: server.addresses[0] })
reportUsage()
