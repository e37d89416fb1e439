/** `npm run build`: src -> dist, from nothing, with everything that is not TypeScript but read at run time. */
import { spawnSync } from 'node:child_process'
import { cpSync, globSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { ROOT } from './root.ts'

/** What the service reads at run time; the pages of signals (*.md) are documentation and stay behind. */
const ASSETS = '**/*.json'

function main(): number {
  const dist = join(ROOT, 'dist')
  rmSync(dist, { recursive: true, force: true })
  const tsc = join(ROOT, 'node_modules', '.bin', 'tsc')
  const { status } = spawnSync(process.execPath, [tsc, '-p', 'tsconfig.build.json'], {
    cwd: ROOT,
    stdio: 'inherit',
  })
  if (status !== 0) return status ?? 1
  const src = join(ROOT, 'src')
  // tsc writes the JSON it saw imported; copying all of it also covers what is read by path.
  for (const asset of globSync(ASSETS, { cwd: src })) cpSync(join(src, asset), join(dist, asset))
  return 0
}

process.exitCode = main()
