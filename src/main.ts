import { randomBytes, randomUUID } from 'node:crypto'
import { createApp } from './app.ts'
import { run } from './cli/run.ts'
import { systemClock } from './clock.ts'

/** Process edge: everything below takes time, randomness and streams as arguments. */
process.exitCode = await run(process.argv.slice(2), {
  createApp,
  clock: systemClock,
  entropy: randomBytes,
  newId: randomUUID,
  stdin: process.stdin,
  stdout: (text) => process.stdout.write(text),
  stderr: (text) => process.stderr.write(text),
})
