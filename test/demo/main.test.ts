import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from '@jest/globals'
import { listOf } from '../../envoy/demo/list.ts'
import { checkWritable, writeResults } from '../../envoy/demo/results.ts'
import { STORY } from '../../envoy/demo/scenes/story.ts'
import { ROOT } from '../../scripts/root.ts'
import { start } from '../harness/process.ts'

const folder = mkdtempSync(join(tmpdir(), 'vigil-demo-results-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

test('a file that cannot be written is told before the story', async () => {
  const json = join(folder, 'nowhere', 'scenes.json')
  const demo = start(process.execPath, ['envoy/demo/main.ts', '--once', '--json', json], { cwd: ROOT })
  expect(await demo.ended).toBe(2)
  expect(demo.output()).toBe(`demo: cannot write ${json} (ENOENT)\nTry: npm run demo -- --help\n`)
}, 20_000)

test('the list is told and nothing is started', async () => {
  const demo = start(process.execPath, ['envoy/demo/main.ts', '--list'], { cwd: ROOT })
  expect(await demo.ended).toBe(0)
  expect(demo.output()).toBe(`${listOf(STORY)}\n`)
}, 20_000)

test.each([
  [['--scene', 'nix'], 'no scene is called like this: nix (--list tells all)'],
  [
    ['--report', join(folder, 'nowhere', 'report.html')],
    `cannot write ${join(folder, 'nowhere', 'report.html')} (ENOENT)`,
  ],
  [['--store', 'disk'], '--store must be memory or redis'],
])(
  '%j is refused before anything is started',
  async (args, why) => {
    const demo = start(process.execPath, ['envoy/demo/main.ts', '--once', ...args], { cwd: ROOT })
    expect(await demo.ended).toBe(2)
    expect(demo.output()).toBe(`demo: ${why}\nTry: npm run demo -- --help\n`)
  },
  20_000,
)

test('results are written, and a file that went away meanwhile is told in the same words', () => {
  const json = join(folder, 'scenes.json')
  checkWritable(json)
  expect(existsSync(json)).toBe(true)
  writeResults(json, [])
  expect(() => writeResults(folder, [])).toThrow(`cannot write ${folder} (EISDIR)`)
})
