import { type ChildProcess, spawnSync } from 'node:child_process'
import { createInterface } from 'node:readline'
import { ROOT } from '../../scripts/root.ts'

/** What people run: the built service and its command. */

const LONGEST_MS = 30_000
export const BUILD_SECONDS = 3

let isBuilt = false

/** Once, however many parts of a run need it. */
export function build(): void {
  if (isBuilt) return
  const { status } = spawnSync(process.execPath, ['scripts/build.ts'], { cwd: ROOT, stdio: 'inherit' })
  if (status !== 0) throw new Error('npm run build failed')
  isBuilt = true
}

/** Resolves with the line of the log that says so. @throws with the log when the process ends before. */
export async function serving({ stderr }: Pick<ChildProcess, 'stderr'>): Promise<void> {
  const log: string[] = []
  const signal = AbortSignal.timeout(LONGEST_MS)
  if (stderr === null) throw new Error('no log to read')
  for await (const line of createInterface({ input: stderr, signal })) {
    log.push(line)
    if (/keys of an issuer are not loaded/.test(line)) break
    if (/vigil serves/.test(line)) {
      stderr.resume() // the rest of the log is nobody's, but must not fill the pipe
      return
    }
  }
  throw new Error(`vigil did not serve:\n${log.join('\n')}`)
}
