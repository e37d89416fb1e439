/** Rules of teams in files beside vigil.yaml: an edit in their folder goes live by itself. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { startVigil, type VigilProcess } from '../harness/vigil.ts'
import { waitUntil } from '../harness/wait.ts'

let folder: string
let vigil: VigilProcess

const write = (name: string, text: string) => writeFileSync(join(folder, 'policy', name), text)
const rules = (priority: number, name: string) =>
  `priority: ${priority}\nrules: [{ name: ${name}, when: assessment.score > 0.9, effect: deny }]\n`
const generation = () => vigil.metric('vigil_config_generation')
const isGood = () => vigil.metric('vigil_config_last_reload_successful')
/** Well before the slow look. */
const SOON_MS = 5000

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'vigil-teams-'))
  mkdirSync(join(folder, 'policy'))
  writeFileSync(join(folder, 'vigil.yaml'), 'audit: { sinks: [] }\n')
  write('a.yaml', rules(1, 'first'))
  vigil = await startVigil({ config: join(folder, 'vigil.yaml') })
}, 90_000)

afterAll(async () => {
  await vigil.stop()
  rmSync(folder, { recursive: true, force: true })
})

test('an edit, a new file and a mistake are seen at once, and the mistake changes nothing', async () => {
  expect(await generation()).toBe(1)
  write('a.yaml', rules(1, 'changed'))
  await waitUntil('the edit is live', SOON_MS, async () => (await generation()) === 2)
  write('b.yaml', rules(2, 'second'))
  await waitUntil('the new file is live', SOON_MS, async () => (await generation()) === 3)
  write('b.yaml', rules(2, 'changed'))
  await waitUntil('the mistake is refused', SOON_MS, async () => (await isGood()) === 0)
  expect(vigil.running.output()).toMatch(
    /policy\/b\.yaml:2:17: another rule is called \\?"changed\\?" already: [^ ]*policy\/a\.yaml:2:17/,
  )
  rmSync(join(folder, 'policy', 'b.yaml'))
  await waitUntil('it is good again', SOON_MS, async () => (await isGood()) === 1)
}, 60_000)
