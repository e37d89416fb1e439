import { ROOT } from '../../scripts/root.ts'
import { start } from './process.ts'

/** `vigil probe` as people run it: its exit code and what it says. */
export async function runProbe(
  ...args: string[]
): Promise<{ code: number | NodeJS.Signals; output: string }> {
  const running = start(process.execPath, ['src/main.ts', 'probe', ...args], { cwd: ROOT })
  const code = await running.ended
  return { code, output: running.output() }
}
