import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from '@jest/globals'
import { STORY } from '../../envoy/demo/scenes/story.ts'
import { ROOT } from '../../scripts/root.ts'
import { start } from '../harness/process.ts'
import { describeWithEnvoy, describeWithValkey } from '../harness/tools.ts'

const folder = mkdtempSync(join(tmpdir(), 'vigil-demo-test-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

interface Scene {
  readonly name: string
  readonly got: string
  readonly why: string
  readonly ok: boolean
  readonly lines?: readonly string[]
}

/** Plays the demo as a user would. What went wrong stands in what is compared, so that a failure says it. */
async function playsAsExpected(store: 'memory' | 'redis'): Promise<void> {
  const json = join(folder, `${store}.json`)
  const report = join(folder, `${store}.html`)
  const args = ['envoy/demo/main.ts', '--once', '--store', store, '--json', json, '--report', report]
  const demo = start(process.execPath, args, { cwd: ROOT })
  const code = await demo.ended
  const scenes = scenesIn(json)
  const wrong = scenes.filter((scene) => !scene.ok || scene.why === '')
  const output = code === 0 ? '' : demo.output()
  expect({ code, wrong, output }).toEqual({ code: 0, wrong: [], output: '' })
  expect(scenes.map(({ name }) => name)).toEqual(
    STORY.flatMap(({ scenes: all }) => all.map(({ name }) => name)),
  )
  // Numbers for a reader, the page, and where it is.
  const [last] = scenes.slice(-1)
  expect(last?.lines).toContainEqual(expect.stringMatching(/passed only because of observe mode +2 /))
  expect(last?.lines).toContainEqual(expect.stringMatching(/no-reports-for-machines +deny +1 /))
  expect(last?.lines?.at(-1)).toContain(report)
  expect(readFileSync(report, 'utf8')).toContain('no-reports-for-machines')
}

/** None when the demo could not even start. */
function scenesIn(json: string): readonly Scene[] {
  return existsSync(json) ? (JSON.parse(readFileSync(json, 'utf8')) as { scenes: Scene[] }).scenes : []
}

describeWithEnvoy('the demo with the memory store', '1.40.0', () => {
  test('plays every scene as expected', async () => {
    await playsAsExpected('memory')
  }, 120_000)
})

describeWithValkey('the demo with Valkey', () => {
  test('plays every scene as expected', async () => {
    await playsAsExpected('redis')
  }, 120_000)
})
