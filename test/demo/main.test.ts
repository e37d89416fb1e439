import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from '@jest/globals'
import { checkWritable, writeResults } from '../../envoy/demo/results.ts'
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

test('results are written, and a file that went away meanwhile is told in the same words', () => {
  const json = join(folder, 'scenes.json')
  checkWritable(json)
  expect(existsSync(json)).toBe(true)
  writeResults(json, [])
  expect(() => writeResults(folder, [])).toThrow(`cannot write ${folder} (EISDIR)`)
})
