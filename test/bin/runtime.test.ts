import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { pathToFileURL } from 'node:url'
import { describe, expect, test } from '@jest/globals'
import { isTooOld, missingFlags, pinnedNode, SERVE_FLAGS } from '../../bin/runtime.js'
import { values } from '../../scripts/chart/values.ts'
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

describe('flags of V8', () => {
  const [growing, semiSpace] = SERVE_FLAGS

  test.each([
    ['nobody has set any', [], '', [growing, semiSpace]],
    ['one stands on the command line', ['--heap-growing-percent=200'], '', [semiSpace]],
    ['one stands there in V8’s own spelling', ['--heap_growing_percent=200'], '', [semiSpace]],
    ['one stands in NODE_OPTIONS', [], '--no-warnings --max-semi-space-size=64', [growing]],
    ['all are set', SERVE_FLAGS, '', []],
  ])('%s', (_what, execArgv, options, missing) => {
    expect(missingFlags(execArgv, options)).toEqual(missing)
  })

  /** The image starts no command that could replace itself, and what the chart sets takes the place of its NODE_OPTIONS. */
  test('are those of the image, and of a pod of the chart', () => {
    const dockerfile = readFileSync(join(ROOT, 'Dockerfile'), 'utf8')
    const [, entrypoint = ''] = /^ENTRYPOINT (\[.*\])$/m.exec(dockerfile) ?? []
    const [, options = ''] = /^ENV .*\bNODE_OPTIONS=(\S+)$/m.exec(dockerfile) ?? []
    const execArgv = (JSON.parse(entrypoint) as string[]).filter((text) => text.startsWith('--'))
    expect([...execArgv, options]).toEqual(SERVE_FLAGS)
    expect(missingFlags(execArgv, options)).toEqual([])
    const { nodeOptions } = values.parse({})
    expect(missingFlags(execArgv, nodeOptions)).toEqual([])
    expect(nodeOptions.split(' ')).toContain(options)
  })

  /** What a command says that asks for the missing flags, with these flags of Node before it. */
  async function sayings(
    ...flags: readonly string[]
  ): Promise<{ pid: number | undefined; lines: string[]; file: string }> {
    const runtime = pathToFileURL(join(ROOT, 'bin', 'runtime.js')).href
    const code = `
      import { missingFlags, runWithFlags } from '${runtime}'
      console.log(process.pid, ...process.execArgv.filter((text) => text.includes('=')), ...process.argv.slice(1))
      const flags = missingFlags()
      if (flags.length > 0) runWithFlags(flags)`
    const folder = mkdtempSync(join(tmpdir(), 'vigil-flags-'))
    const file = join(folder, 'command.mjs')
    writeFileSync(file, code)
    const child = spawn(process.execPath, [...flags, file, 'serve', '--config', 'a b'], {
      env: { ...process.env, NODE_OPTIONS: '' },
    })
    const said = text(child.stdout)
    expect(await once(child, 'exit')).toEqual([0, null])
    rmSync(folder, { recursive: true, force: true })
    return { pid: child.pid, lines: (await said).trim().split('\n'), file }
  }

  test('the command goes on with them as the same process', async () => {
    const { pid, lines, file } = await sayings()
    expect(lines.at(-1)).toBe([pid, ...SERVE_FLAGS, file, 'serve', '--config', 'a b'].join(' '))
  })

  test('it goes on without them where Node may start no program', async () => {
    const { pid, lines, file } = await sayings('--permission', '--allow-fs-read=*')
    expect(lines).toEqual([[pid, '--allow-fs-read=*', file, 'serve', '--config', 'a b'].join(' ')])
  })
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
