import { randomBytes, randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { run } from './cli/run.ts'
import { systemClock } from './clock.ts'
import { checkFiles } from './inspect.ts'
import { decideFile } from './offline.ts'
import { serve } from './serve.ts'

/** Process edge: everything below takes time, randomness and streams as arguments. */
const deps = { clock: systemClock, entropy: randomBytes, newId: randomUUID }

async function untilStopped(onReload: () => void): Promise<string> {
  process.on('SIGHUP', onReload)
  const signals = ['SIGTERM', 'SIGINT'] as const
  return Promise.race(signals.map((signal) => once(process, signal).then(() => signal)))
}

const code = await run(
  process.argv.slice(2),
  {
    serve: (args, io) => serve(args, io, { ...deps, untilStopped }),
    check: (args, io) => checkFiles(args, io, deps),
    decide: (args, io) => decideFile(args, io, deps),
  },
  {
    stdin: process.stdin,
    stdout: (text) => process.stdout.write(text),
    stderr: (text) => process.stderr.write(text),
  },
)
process.exitCode = code
// Whatever a failed start has left open must not keep the process alive: nobody would see that it has failed.
if (code !== 0) process.exit()
