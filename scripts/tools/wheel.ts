import { spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { Tool } from './catalog.ts'

/** Python: `copy(zip, suffix, target)` copies the one entry whose name ends with the suffix. */
export const COPY_ENTRY = `
import shutil, sys, zipfile
def copy(archive, suffix, target):
    with zipfile.ZipFile(archive) as opened:
        names = [name for name in opened.namelist() if name.endswith(suffix)]
        if len(names) != 1:
            sys.exit(f'{len(names)} entries of {sys.argv[1]} end with {suffix}')
        with opened.open(names[0]) as source, open(target, 'wb') as sink:
            shutil.copyfileobj(source, sink)
`

/** Out of the wheel argv[1], the entry that ends with argv[2], to argv[3]. */
const UNZIP = `${COPY_ENTRY}
copy(*sys.argv[1:])
`

/** Fetches a tool's wheel with pip, which checks the pinned hash, and unpacks the executable. Needs python3 with pip. */
export function fetchWheel(tool: Tool, into: string): void {
  const wheels = join(into, 'wheel')
  mkdirSync(wheels)
  python([
    '-m',
    'pip',
    'download',
    '--quiet',
    '--disable-pip-version-check',
    '--no-deps',
    '--only-binary=:all:',
    '--require-hashes',
    '--requirement',
    tool.requirements,
    '--dest',
    wheels,
  ])
  const [wheel] = readdirSync(wheels)
  if (wheel === undefined) throw new Error(`pip fetched nothing for ${tool.name}`)
  const binary = join(into, tool.binary)
  python(['-c', UNZIP, join(wheels, wheel), tool.entry, binary])
  chmodSync(binary, 0o755)
  rmSync(wheels, { recursive: true })
}

/** Runs python3. @throws Error with the last lines of what it said */
export function python(args: string[]): void {
  const { status, error, stderr } = spawnSync('python3', args, { encoding: 'utf8', timeout: 600_000 })
  if (error) throw new Error(`python3 is needed to fetch tools: ${error.message}`)
  if (status !== 0) throw new Error(`python3 ${args.slice(0, 3).join(' ')} failed: ${lastLines(stderr)}`)
}

/** The end of what a program said, on one line. */
export function lastLines(text: string): string {
  return text.trim().split('\n').slice(-4).join(' | ')
}
