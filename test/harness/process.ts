import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { type Found, waitUntil } from './wait.ts'

/** What to start and with what around it. */
export type StartOptions = { cwd?: string; env?: Record<string, string> }

/** A started program: its collected output and the ways to wait for it and to end it. */
export type Running = {
  pid: number
  /** stdout and stderr so far, in the order in which they came. */
  output(): string
  /** Calls back with each whole line of either stream that comes from now on. */
  onLine(listener: (line: string) => void): void
  /** Resolves with the match; rejects when the program ends first or the deadline passes, with the output. */
  waitForLine(pattern: RegExp, timeoutMs?: number): Promise<RegExpExecArray>
  /** Polls until the probe gives something truthy; rejects as waitForLine does. */
  waitUntil<T>(what: string, probe: () => Promise<T> | T, timeoutMs?: number): Promise<Found<T>>
  /** Exit code, or the signal's name, once all that it said has been read. */
  ended: Promise<number | NodeJS.Signals>
  hasEnded(): boolean
  kill(signal: NodeJS.Signals): void
  /** SIGTERM, after the grace SIGKILL; resolves when the program is gone. Safe to call twice. */
  stop(graceMs?: number): Promise<void>
}

/** Starts a program that cannot outlive this process, however this process ends. */
export function start(command: string, args: readonly string[], options: StartOptions = {}): Running {
  const child = spawn(command, args, {
    cwd: options.cwd,
    env: { ...process.env, ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  child.on('error', () => undefined) // a failed spawn shows as the missing pid
  if (child.pid === undefined) throw new Error(`${command} could not be started`)
  killWithUs(child, child.pid)
  const output = collect(child)
  const name = command.split('/').at(-1) ?? command
  const ended = endOf(child)
  const hasEnded = () => child.exitCode !== null || child.signalCode !== null
  const poll = async <T>(
    what: string,
    probe: () => Promise<T> | T,
    timeoutMs = 10_000,
  ): Promise<Found<T>> => {
    try {
      return await waitUntil(`${name}: ${what}`, timeoutMs, async () => {
        const result = await probe()
        if (result || !hasEnded()) return result
        const code = await ended
        // Its last words may have come since.
        const last = await probe()
        if (!last) throw new Error(`${name} ended (${code}) before: ${what}`)
        return last
      })
    } catch (error) {
      throw new Error(`${String(error)}\n--- output of ${name} ---\n${output()}`)
    }
  }
  return {
    pid: child.pid,
    output,
    onLine: (listener) => listenToLines(child, listener),
    waitForLine: (pattern, timeoutMs) => poll(String(pattern), () => matchLine(output(), pattern), timeoutMs),
    waitUntil: poll,
    ended,
    hasEnded,
    kill: (signal) => void child.kill(signal),
    stop: (graceMs) => stop(child, graceMs),
  }
}

function matchLine(text: string, pattern: RegExp): RegExpExecArray | undefined {
  for (const line of text.split('\n')) {
    const match = pattern.exec(line)
    if (match) return match
  }
  return undefined
}

function collect(child: ChildProcess): () => string {
  let text = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk
    })
  }
  return () => text
}

function listenToLines(child: ChildProcess, listener: (line: string) => void): void {
  for (const stream of [child.stdout, child.stderr]) {
    let rest = ''
    stream?.on('data', (chunk: string) => {
      const lines = (rest + chunk).split('\n')
      rest = lines.pop() ?? ''
      for (const line of lines) listener(line)
    })
  }
}

/** Not `exit`, which may come before the last of the output. */
async function endOf(child: ChildProcess): Promise<number | NodeJS.Signals> {
  const [code, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null]
  return code ?? signal ?? -1
}

async function stop(child: ChildProcess, graceMs = 5000): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const gone = once(child, 'exit')
  child.kill('SIGTERM')
  const timer = setTimeout(() => child.kill('SIGKILL'), graceMs)
  await gone
  clearTimeout(timer)
}

/**
 * jest gives tests a copy of `process` whose 'exit' event never comes, and a killed worker has none at all. So a shell
 * waits on a pipe from here: end of file means that this process is gone, a line means that the child is.
 * Its own session keeps Ctrl-C from it.
 */
function killWithUs(child: ChildProcess, pid: number): void {
  const guard = spawn('/bin/sh', ['-c', 'read -r _ || kill -9 "$1"', 'sh', String(pid)], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  })
  guard.on('error', () => undefined) // no shell, no guard: stop() still works
  guard.stdin.on('error', () => undefined)
  guard.unref()
  if ('unref' in guard.stdin && typeof guard.stdin.unref === 'function') guard.stdin.unref()
  child.once('exit', () => guard.stdin.end('gone\n'))
}
