import { globSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'

/** Test files that `patterns` name below `root`, without those that need jest itself (its mocks and timers). */
export function testFiles(patterns: readonly string[], root: string): readonly string[] {
  const files = globSync(patterns as string[], { cwd: root }).map((file) => join(root, file))
  return files.filter((file) => !/\bjest\b.* from '@jest\/globals'/.test(readFileSync(file, 'utf8'))).sort()
}

/** The test of `source` itself first, then those of its folder: they notice most. */
export function nearestFirst(files: readonly string[], source: string, root: string): readonly string[] {
  const own = relative(root, source)
    .replace(/^src\//, 'test/')
    .replace(/\.ts$/, '')
  const folder = own.slice(0, own.lastIndexOf('/') + 1)
  const distance = (file: string): number => {
    const path = relative(root, file)
    if (path === `${own}.test.ts`) return 0
    return path.startsWith(folder) ? 1 : 2
  }
  return [...files].sort((a, b) => distance(a) - distance(b))
}
