import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { describe, expect, test } from '@jest/globals'
import { isTooOld, pinnedNode } from '../../bin/runtime.js'
import { ROOT } from '../../scripts/root.ts'

test.each([
  ['18.20.8', true],
  ['23.11.1', true],
  ['24.0.0', false],
  ['26.10.0', false],
  ['100.0.0', false],
])('Node %s too old: %s', (version, expected) => {
  expect(isTooOld(version)).toBe(expected)
})

test('a platform without a packaged Node has none', () => {
  expect(pinnedNode('sunos-sparc')).toBeUndefined()
})

/** A process whose whole work is runInstead(this Node, -e code). */
function handOver(code: string) {
  const runtime = pathToFileURL(join(ROOT, 'bin', 'runtime.js')).href
  const parent = `import { runInstead } from '${runtime}'; runInstead(process.execPath, ['-e', ${JSON.stringify(code)}])`
  return spawn(process.execPath, ['--input-type=module', '-e', parent], { stdio: ['ignore', 'pipe', 'pipe'] })
}

describe('runInstead', () => {
  test('ends as the child ends', async () => {
    expect(await once(handOver('process.exit(7)'), 'exit')).toEqual([7, null])
  })

  test('reports the death of the child by a signal as a shell does', async () => {
    expect(await once(handOver('process.kill(process.pid, "SIGKILL")'), 'exit')).toEqual([137, null])
  })

  test('passes a signal on and waits for the child to finish', async () => {
    const code = 'process.on("SIGTERM", () => process.exit(3)); setInterval(() => 0, 1000); console.log("up")'
    const parent = handOver(code)
    await once(parent.stdout, 'data')
    parent.kill('SIGTERM')
    expect(await once(parent, 'exit')).toEqual([3, null])
  })

  test('without a Node to hand over to it says what to do', async () => {
    const runtime = pathToFileURL(join(ROOT, 'bin', 'runtime.js')).href
    const code = `import { runInstead } from '${runtime}'; runInstead(undefined, [])`
    const parent = spawn(process.execPath, ['--input-type=module', '-e', code])
    const said = once(parent.stderr, 'data').then(String)
    expect(await once(parent, 'exit')).toEqual([69, null])
    expect(await said).toContain('vigil needs Node >= 24')
  })
})
