/** What is kept of a configuration (all defaults filled in, through JSON) is the same configuration when it is read again. */
import { globSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { readSettings, restoreSettings } from '../../src/config/read.ts'
import type { Settings } from '../../src/config/schema/settings.ts'
import type { Compiled } from '../../src/errors.ts'

const ROOT = join(import.meta.dirname, '../..')
const files = globSync(
  ['test/config/fixtures/{good,warn}/*.yaml', 'test/golden/configs/*.yaml', 'envoy/demo/vigil.yaml'],
  { cwd: ROOT },
).filter((file) => !file.includes('static'))

interface Generation {
  readonly settings: Settings
  readonly hash: string
}
const compile = (settings: Settings, hash: string): Compiled<Generation> => ({
  ok: true,
  value: { settings, hash },
})

test.each(files)('%s', async (file) => {
  const read = await readSettings(join(ROOT, file), compile)
  if (!read.ok) throw new Error(JSON.stringify(read.problems))
  const kept: unknown = JSON.parse(JSON.stringify(read.value.settings))
  const restored = restoreSettings(kept, '/etc/vigil', compile)
  expect(restored).toEqual({ ok: true, value: read.value })
})

describe('refuses', () => {
  test.each<[string, unknown, string]>([
    ['what this version does not know', { polices: [] }, 'unknown key polices'],
    [
      'what this version finds contradictory',
      { risk: { limits: [{ name: 'a', per: 'address', requests: 1, windowSeconds: 1, actions: ['none'] }] } },
      'no action is called',
    ],
    ['what is no configuration', 'text', ''],
  ])('%s', (_what, kept, message) => {
    const restored = restoreSettings(kept, '/etc/vigil', compile)
    expect(restored.ok).toBe(false)
    if (!restored.ok) expect(restored.problems[0]?.message).toContain(message)
  })
})
