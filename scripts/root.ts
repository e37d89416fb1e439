import { resolve } from 'node:path'

/** Absolute path of the clone. */
export const ROOT = resolve(import.meta.dirname, '..')

/** Whether this is an automated run, where a missing tool is a failure and not a shrug. */
export function isCi(): boolean {
  return process.env['CI'] === 'true'
}
