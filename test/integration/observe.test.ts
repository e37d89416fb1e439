/** Observe mode needs the word of whoever runs the process: an edit of vigil.yaml alone cannot switch enforcement off. */
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, test } from '@jest/globals'
import { startVigil, type VigilProcess } from '../harness/vigil.ts'
import { waitUntil } from '../harness/wait.ts'

const cleanups: (() => unknown)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

/** A running Vigil with an edit of its configuration. */
async function running(fixed: Record<string, unknown>) {
  const folder = mkdtempSync(join(tmpdir(), 'vigil-observe-'))
  cleanups.push(() => rmSync(folder, { recursive: true, force: true }))
  const config = join(folder, 'vigil.yaml')
  const write = (mode: string) => {
    writeFileSync(`${config}.new`, `audit: { sinks: [] }\nenforcement: { mode: ${mode} }\n`)
    renameSync(`${config}.new`, config)
  }
  write('enforce')
  const vigil = await startVigil({ config, fixed })
  cleanups.push(() => vigil.stop())
  return { vigil, write }
}

const passes = async (vigil: VigilProcess) => (await vigil.ask({})).isPass

test('without the acknowledgement an edit is refused, and enforcement goes on', async () => {
  const { vigil, write } = await running({})
  expect(await passes(vigil)).toBe(false)
  write('observe')
  const isGood = () => vigil.metric('vigil_config_last_reload_successful')
  await waitUntil('the edit is refused', 5000, async () => (await isGood()) === 0)
  expect(vigil.running.output()).toMatch(/vigil\.yaml:2:22: observe lets every request pass/)
  expect([await passes(vigil), await vigil.metric('vigil_observing')]).toEqual([false, 0])
}, 60_000)

test('with it an edit lets everything pass, and another one enforces again, both without a restart', async () => {
  const { vigil, write } = await running({ acknowledge: { observe: true } })
  expect(await passes(vigil)).toBe(false)
  write('observe')
  await waitUntil('it observes', 5000, () => passes(vigil))
  expect(await vigil.metric('vigil_observing')).toBe(2)
  expect((await vigil.probe('/readyz')).text).toContain('"observes":"everything"')
  write('enforce')
  await waitUntil('it enforces', 5000, async () => !(await passes(vigil)))
  expect((await vigil.probe('/readyz')).text).not.toContain('observes')
}, 60_000)
