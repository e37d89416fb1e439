import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from '@jest/globals'
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
}

/** Runs the demo as a user would, and gives its exit code and its scenes. */
async function play(store: 'memory' | 'redis'): Promise<{ code: number | null; scenes: readonly Scene[] }> {
  const json = join(folder, `${store}.json`)
  const demo = start(process.execPath, ['envoy/demo/main.ts', '--once', '--store', store, '--json', json], {
    cwd: ROOT,
  })
  const code = await demo.ended
  const { scenes } = JSON.parse(readFileSync(json, 'utf8')) as { scenes: Scene[] }
  return { code: typeof code === 'number' ? code : null, scenes }
}

const allGood = ({ code, scenes }: { code: number | null; scenes: readonly Scene[] }) => {
  expect(code).toBe(0)
  expect(scenes.length).toBeGreaterThanOrEqual(15)
  expect(scenes.filter((scene) => !scene.ok)).toEqual([])
  expect(scenes.filter((scene) => scene.why === '')).toEqual([])
}

describeWithEnvoy('the demo with the memory store', '1.40.0', () => {
  test('plays every scene as expected', async () => {
    allGood(await play('memory'))
  }, 120_000)
})

describeWithValkey('the demo with Valkey', () => {
  test('plays every scene as expected', async () => {
    allGood(await play('redis'))
  }, 120_000)
})
