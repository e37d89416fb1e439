import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { ROOT } from '../root.ts'

const CHECKS: Record<string, readonly string[]> = {
  lint: ['biome', 'check', '.'],
  typecheck: ['tsc', '-p', 'tsconfig.json'],
}

/** Runs lint and typecheck; returns the names of those that failed. */
export function failedChecks(): string[] {
  return Object.entries(CHECKS)
    .filter(([name, command]) => !passes(name, command))
    .map(([name]) => name)
}

/** Runs the build; returns its name when it failed. */
export function failedBuild(): string[] {
  const { status } = spawnSync(process.execPath, [join(ROOT, 'scripts', 'build.ts')], {
    cwd: ROOT,
    stdio: 'inherit',
  })
  return status === 0 ? [] : ['build']
}

function passes(name: string, [binary, ...args]: readonly string[]): boolean {
  const started = performance.now()
  const script = join(ROOT, 'node_modules', '.bin', binary ?? '')
  const { status } = spawnSync(process.execPath, [script, ...args], { cwd: ROOT, stdio: 'inherit' })
  const seconds = ((performance.now() - started) / 1000).toFixed(1)
  console.log(`${name}: ${status === 0 ? 'ok' : 'FAILED'} (${seconds} s)`)
  return status === 0
}
