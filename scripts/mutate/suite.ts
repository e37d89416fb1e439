import { registerHooks } from 'node:module'
import { relative } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Circus } from '@jest/types'
import { getState, resetState } from 'jest-circus'

/** One test of a file, with the blocks around it from the outside in. */
export interface Case {
  /** File and full title, with a number where a title is there twice. */
  readonly id: string
  readonly entry: Circus.TestEntry
  readonly blocks: readonly Circus.DescribeBlock[]
}

const GLOBALS = new URL('./globals.ts', import.meta.url).href

/** From now on a test file gets jest's functions from `globals.ts`. */
export function standInForJest(): void {
  registerHooks({
    resolve: (specifier, context, next) =>
      specifier === '@jest/globals' ? { url: GLOBALS, shortCircuit: true } : next(specifier, context),
  })
}

/** Loads a test file and lists its tests; those to be skipped are left out. */
export async function loadSuite(file: string): Promise<readonly Case[]> {
  resetState()
  await import(pathToFileURL(file).href)
  const seen = new Map<string, number>()
  return casesOf(getState().rootDescribeBlock, []).map(({ entry, blocks }) => {
    const name = [
      relative(process.cwd(), file),
      ...blocks.slice(1).map((block) => block.name),
      entry.name,
    ].join(' ')
    const count = (seen.get(name) ?? 0) + 1
    seen.set(name, count)
    return { id: count === 1 ? name : `${name} (${count})`, entry, blocks }
  })
}

function casesOf(block: Circus.DescribeBlock, outer: readonly Circus.DescribeBlock[]): Omit<Case, 'id'>[] {
  if (block.mode === 'skip') return []
  const blocks = [...outer, block]
  return block.children.flatMap((child) => {
    if (child.type === 'describeBlock') return casesOf(child, blocks)
    return child.mode === 'skip' || child.mode === 'todo' ? [] : [{ entry: child, blocks }]
  })
}
