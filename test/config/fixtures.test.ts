import { readdirSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { Readable } from 'node:stream'
import { describe, expect, test } from '@jest/globals'
import { checkFiles } from '../../src/inspect.ts'
import { countedEntropy, countedIds } from '../harness/app.ts'

const folder = join(import.meta.dirname, 'fixtures')
const namesIn = (kind: string) => readdirSync(join(folder, kind)).filter((name) => name.endsWith('.yaml'))
const clock = { nowMs: () => 0, monotonicMs: () => 0 }

/** `vigil config check --quiet FILE`: exit code, and the lines that name a place (folders cut off). */
async function check(kind: string, name: string): Promise<{ code: number; lines: string[] }> {
  let stderr = ''
  const io = {
    stdin: Readable.from([]),
    stdout: () => undefined,
    stderr: (text: string) => {
      stderr += text
    },
  }
  const args = { files: [join(folder, kind, name)], isQuiet: true, isJson: false }
  const code = await checkFiles(args, io, { clock, entropy: countedEntropy(), newId: countedIds() })
  const lines = stderr.split('\n').filter((line) => line.startsWith(folder))
  const cut = (line: string) => line.slice(line.indexOf(basename(name))).replaceAll(folder, '…')
  return { code, lines: lines.map(cut) }
}

/** One mistake a file; `file:line:column: message` of each stands in expected.txt. */
const allExpected = readFileSync(join(folder, 'expected.txt'), 'utf8').trimEnd().split('\n')
const expectedOf = (name: string) => allExpected.filter((line) => line.startsWith(`${name}:`)).sort()

describe('a mistake is refused where it stands', () => {
  test.each(namesIn('bad'))('%s', async (name) => {
    const { code, lines } = await check('bad', name)
    expect(code).toBe(1)
    expect(lines.sort()).toEqual(expectedOf(name))
    expect(lines.length).toBeGreaterThan(0)
  })
})

describe('what is hardly meant is told where it stands, also with --quiet, and is not refused', () => {
  test.each(namesIn('warn'))('%s', async (name) => {
    const { code, lines } = await check('warn', name)
    expect(code).toBe(0)
    expect(lines.sort()).toEqual(expectedOf(name))
    expect(lines.length).toBeGreaterThan(0)
  })
})

test.each(namesIn('good'))('%s is good', async (name) => {
  expect(await check('good', name)).toEqual({ code: 0, lines: [] })
})

test.each([
  ['README.md', 'readme.yaml', /`vigil\.yaml`:\n\n```yaml\n([\s\S]*?)```/],
  ['docs/mcp.md', 'mcp.yaml', /```yaml\n([\s\S]*?)```/],
])('the example of %s is one of the good ones', (page, file, pattern) => {
  const text = readFileSync(join(import.meta.dirname, '../..', page), 'utf8')
  expect(readFileSync(join(folder, 'good', file), 'utf8')).toBe(pattern.exec(text)?.[1])
})
