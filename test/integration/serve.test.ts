import { afterEach, describe, expect, test } from '@jest/globals'
import { ROOT } from '../../scripts/root.ts'
import { type ConfigMap, mountConfigMap } from '../harness/config-map.ts'
import { start } from '../harness/process.ts'
import { startVigil, type VigilProcess } from '../harness/vigil.ts'
import { waitUntil } from '../harness/wait.ts'

const GOOD = 'actions: [{ name: read, match: { paths: ["/v1/{rest...}"] } }]\n'
const EDITED = 'actions: [{ name: read-more, match: { paths: ["/v1/{rest...}"] } }]\n'
const BROKEN = 'actoins: []\n'

const cleanups: (() => unknown)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

function mount(text: string): ConfigMap {
  const mounted = mountConfigMap(text)
  cleanups.push(mounted.remove)
  return mounted
}

async function serve(config: string, server: Record<string, unknown> = {}): Promise<VigilProcess> {
  const vigil = await startVigil({ config, server })
  cleanups.push(vigil.stop)
  return vigil
}

const status = async ({ ask }: VigilProcess) => (await ask({})).status

describe('vigil serve', () => {
  test.each([
    'frames',
    'http2',
    'grpc-js',
  ])('answers, says live and ready, and drains on SIGTERM with exit code 0, on %s', async (transport) => {
    const vigil = await serve(mount(GOOD).file, { drainDelaySeconds: 1, transport })
    expect(await status(vigil)).toBe(401)
    expect((await vigil.probe('/livez')).status).toBe(200)
    vigil.running.kill('SIGTERM')
    await waitUntil('not ready', 5000, async () => (await vigil.probe('/readyz')).status === 503)
    // During the drain delay it still serves.
    expect(await status(vigil)).toBe(401)
    expect(await vigil.running.ended).toBe(0)
  }, 30_000)

  test('does not wait on SIGINT: it is a person', async () => {
    const { running } = await serve(mount(GOOD).file, { drainDelaySeconds: 3600 })
    running.kill('SIGINT')
    expect(await running.ended).toBe(0)
  }, 30_000)

  test('ends at once on a second signal, and says so at the first', async () => {
    const { running } = await serve(mount(GOOD).file, { drainDelaySeconds: 3600 })
    running.kill('SIGTERM')
    await running.waitForLine(/"vigil drains; a second signal ends it at once"/)
    // npm and the terminal may deliver one Ctrl-C twice: only what comes later is a second word.
    running.kill('SIGTERM')
    await waitUntil('its end', 10_000, () => {
      running.kill('SIGINT')
      return running.hasEnded()
    })
    expect(await running.ended).toBe(130)
  }, 30_000)

  test('follows a ConfigMap swap, and keeps the last good one through a broken edit', async () => {
    const mounted = mount(GOOD)
    const vigil = await serve(mounted.file)
    const until = (name: string, value: number) =>
      waitUntil(`${name} ${value}`, 10_000, async () => (await vigil.metric(name)) === value)
    expect(await vigil.metric('vigil_config_generation')).toBe(1)
    mounted.swap(EDITED)
    await until('vigil_config_generation', 2)
    mounted.swap(BROKEN)
    await until('vigil_config_last_reload_successful', 0)
    expect(await vigil.metric('vigil_config_generation')).toBe(2)
    expect((await vigil.probe('/readyz')).status).toBe(200)
    expect(await status(vigil)).toBe(401)
    mounted.swap(GOOD)
    await until('vigil_config_generation', 3)
    expect(await vigil.metric('vigil_config_last_reload_successful')).toBe(1)
  }, 60_000)

  test('a bad first configuration ends it with 1 and the place of the mistake', async () => {
    const { file } = mount(BROKEN)
    const vigil = start(process.execPath, ['src/main.ts', 'serve', '--config', file], { cwd: ROOT })
    expect(await vigil.ended).toBe(1)
    expect(vigil.output()).toContain('vigil.yaml:1:1: unknown key actoins; did you mean "actions"?')
  }, 30_000)
})
