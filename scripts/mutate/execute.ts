import type { Circus } from '@jest/types'
import type { Case } from './suite.ts'

/** A test that takes longer has failed. */
const TEST_MS = 30_000

/**
 * Runs what has to be done before all tests of the blocks around this one, once in a process. What has to be done after all of them
 * is never done, because a test may be asked for again: its servers and files go with the process and its temporary folder.
 * @returns what went wrong, or undefined
 */
export function enter({ blocks }: Case, entered: Set<Circus.DescribeBlock>): Promise<unknown> {
  return failureOf(async () => {
    for (const block of blocks) {
      if (entered.has(block)) continue
      entered.add(block)
      await runHooks(block, 'beforeAll')
    }
  })
}

/** Runs one test with what is done before and after each. @returns what went wrong, or undefined */
export function execute({ entry, blocks }: Case): Promise<unknown> {
  return failureOf(async () => {
    try {
      for (const block of blocks) await runHooks(block, 'beforeEach')
      await call(entry.fn)
    } finally {
      for (const block of [...blocks].reverse()) await runHooks(block, 'afterEach')
    }
  })
}

async function runHooks(block: Circus.DescribeBlock, type: Circus.HookType): Promise<void> {
  for (const hook of block.hooks) if (hook.type === type) await call(hook.fn)
}

/** No test here takes jest's `done`. */
const call = (fn: Circus.TestFn | Circus.HookFn): unknown => (fn as () => unknown)()

async function failureOf(run: () => Promise<void>): Promise<unknown> {
  const { promise, reject } = Promise.withResolvers<never>()
  const timer = setTimeout(() => reject(new Error(`took more than ${TEST_MS} ms`)), TEST_MS)
  try {
    await Promise.race([run(), promise])
    return undefined
  } catch (error) {
    return error ?? new Error('threw nothing')
  } finally {
    clearTimeout(timer)
  }
}
