import { randomBytes, randomUUID } from 'node:crypto'
import { constants } from 'node:os'
import { endWithReader } from './cli/end-with-reader.ts'
import { run } from './cli/run.ts'
import { systemClock } from './clock.ts'
import type { StopSignal } from './serve.ts'

/** Process edge: everything below takes time, randomness and streams as arguments. */
const deps = { clock: systemClock, entropy: randomBytes, newId: randomUUID }

/** npm and a terminal both deliver one Ctrl-C: what comes this soon after it is no second word of a person. */
const SAME_WORD_MS = 300

/** The first signal asks for a drain; a second one ends the process at once, as a death by that signal would read. */
function untilStopped(onReload: () => void): Promise<StopSignal> {
  process.on('SIGHUP', onReload)
  const { promise, resolve } = Promise.withResolvers<StopSignal>()
  let askedMs: number | undefined
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => {
      const nowMs = systemClock.monotonicMs()
      askedMs ??= nowMs
      if (nowMs - askedMs > SAME_WORD_MS) process.exit(128 + constants.signals[signal])
      resolve(signal)
    })
  }
  return promise
}

// The service writes records there, and their sink knows what to do about a pipe that is closed.
if (process.argv[2] !== 'serve') endWithReader(process.stdout, process.exit)

const code = await run(
  process.argv.slice(2),
  {
    // Each command loads what it needs and no more: code costs time and memory.
    serve: async (args, io) => (await import('./serve.ts')).serve(args, io, { ...deps, untilStopped }),
    check: async (args, io) => (await import('./inspect.ts')).checkFiles(args, io, deps),
    decide: async (args, io) => (await import('./offline.ts')).decideFile(args, io, deps),
    explain: async (args, io) => (await import('./explain.ts')).explainRecords(args, io, deps),
    report: async (args, io) =>
      (await import('./cli/report/index.ts')).reportFile(args, io, {
        ...deps,
        isWatched: process.stderr.isTTY === true,
      }),
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
