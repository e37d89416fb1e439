import { spawnSync } from 'node:child_process'

export interface Where {
  readonly cwd?: string
  readonly env?: Readonly<Record<string, string>>
  readonly timeoutMs?: number
}

/** Runs a program to its end. @returns what it said on standard output @throws with its last words when it fails */
export function sh(command: string, args: readonly string[], where: Where = {}): string {
  const { status, stdout, stderr, error } = spawnSync(command, args, {
    cwd: where.cwd,
    env: { ...process.env, ...where.env },
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
    timeout: where.timeoutMs ?? 600_000,
  })
  if (error !== undefined) throw new Error(`${command}: ${error.message}`)
  if (status !== 0)
    throw new Error(
      `${command} ${args.slice(0, 2).join(' ')} ended with ${status}:\n${last(stdout + stderr)}`,
    )
  return stdout
}

const last = (text: string) => text.trim().split('\n').slice(-12).join('\n')
