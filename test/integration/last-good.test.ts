/** A bad edit, and then the process is killed: it starts again from the last good configuration, and traffic goes on. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals'
import { Redis } from 'ioredis'
import { stringify } from 'yaml'
import { ROOT } from '../../scripts/root.ts'
import { type ConfigMap, mountConfigMap } from '../harness/config-map.ts'
import { mintNow } from '../harness/live.ts'
import { freePorts } from '../harness/ports.ts'
import { start } from '../harness/process.ts'
import { type RedisServer, startRedis } from '../harness/redis.ts'
import { issuerOf } from '../harness/tokens.ts'
import { describeWithValkey } from '../harness/tools.ts'
import { startVigil, type VigilProcess, writeInstanceKey } from '../harness/vigil.ts'
import { waitUntil } from '../harness/wait.ts'

const BROKEN = 'actoins: []\n'
const settings = (rule: string) =>
  stringify({
    entrypoints: [{ name: 'edge' }],
    identity: { issuers: [issuerOf()] },
    actions: [{ name: 'read', match: { paths: ['/v1/items'] }, sensitivity: 'low' }],
    policy: [{ name: rule, when: 'action.name == "read"', effect: 'allow' }],
    audit: { sinks: [] },
  })

const cleanups: (() => unknown)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

let folder: string
let instanceKeyFile: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'vigil-last-good-'))
  instanceKeyFile = writeInstanceKey(folder)
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

function mount(text: string): ConfigMap {
  const mounted = mountConfigMap(text)
  cleanups.push(mounted.remove)
  return mounted
}

const ruleThatDecides = async (vigil: VigilProcess) =>
  (await vigil.ask({ headers: { authorization: `Bearer ${mintNow()}` } })).rule

describeWithValkey('the last good configuration', (server) => {
  let valkey: RedisServer
  let client: Redis
  beforeAll(async () => {
    valkey = await startRedis({ server })
    client = new Redis({ port: valkey.port })
  }, 60_000)
  afterAll(async () => {
    client.disconnect()
    await valkey.stop()
  })
  afterEach(() => client.flushall())

  const fixed = (more: object = {}) => ({
    store: { kind: 'redis', budgetMs: 5000, redis: { port: valkey.port } },
    instanceKeyFile,
    ...more,
  })

  async function serve(config: string, more: object = {}): Promise<VigilProcess> {
    const vigil = await startVigil({ config, fixed: fixed(more), server: { deadlineMs: 10_000 } })
    cleanups.push(vigil.stop)
    return vigil
  }

  const isKept = (vigil: VigilProcess) =>
    waitUntil('kept', 20_000, async () => (await vigil.metric('vigil_config_last_good_kept')) === 1)

  /** What stands in the store after a process was there with a good configuration. */
  async function keepOne(rule = 'first'): Promise<{ mounted: ConfigMap; key: string }> {
    const mounted = mount(settings(rule))
    const vigil = await serve(mounted.file)
    await isKept(vigil)
    await vigil.stop()
    const [key = ''] = await client.keys('vigil:c:*')
    return { mounted, key }
  }

  /** A start that must fail, and what it says. */
  async function failToStart(config: string, more: object = {}): Promise<string> {
    const { CHECKS, PROBES } = await freePorts('CHECKS', 'PROBES')
    const text = JSON.stringify({
      ...fixed(more),
      server: { listen: [`127.0.0.1:${CHECKS}`] },
      probes: { listen: `127.0.0.1:${PROBES}` },
    })
    const file = join(folder, 'static.yaml')
    writeFileSync(file, text)
    const args = ['src/main.ts', 'serve', '--static', file, '--config', config]
    const running = start(process.execPath, args, { cwd: ROOT })
    cleanups.push(() => running.stop())
    expect(await running.ended).toBe(1)
    return running.output()
  }

  test('bad edit, kill, start: traffic goes on, degraded and loud, until the file is good again', async () => {
    const mounted = mount(settings('first'))
    const before = await serve(mounted.file)
    await isKept(before)
    const [key = ''] = await client.keys('vigil:c:*')
    const keptHash = async () => ((await client.get(key)) ?? '').split('.')[2]
    const first = await keptHash()
    mounted.swap(settings('second'))
    await waitUntil('second', 20_000, async () => (await ruleThatDecides(before)) === 'second')
    await waitUntil('second kept', 20_000, async () => (await keptHash()) !== first)
    mounted.swap(BROKEN)
    await waitUntil(
      'refused',
      20_000,
      async () => (await before.metric('vigil_config_last_reload_successful')) === 0,
    )
    before.running.kill('SIGKILL')
    expect(await before.running.ended).toBe('SIGKILL')

    const after = await serve(mounted.file)
    expect(await ruleThatDecides(after)).toBe('second')
    const ready = await after.probe('/readyz')
    expect([ready.status, JSON.parse(ready.text)]).toEqual([
      200,
      { ready: true, reasons: [], degraded: ['configuration'] },
    ])
    expect(await after.metric('vigil_config_last_good_in_use')).toBe(1)
    expect(await after.metric('vigil_config_last_reload_successful')).toBe(0)
    expect(after.running.output()).toContain('vigil.yaml:1:1: unknown key actoins')
    expect(after.running.output()).toContain('the last good one from the store is used')

    // The same configuration again, and not only another one, ends it.
    mounted.swap(settings('second'))
    await waitUntil('good again', 20_000, async () => {
      const { text } = await after.probe('/readyz')
      return JSON.parse(text).degraded === undefined
    })
    expect(await after.metric('vigil_config_last_good_in_use')).toBe(0)
    expect(await after.metric('vigil_config_last_reload_successful')).toBe(1)
    mounted.swap(settings('third'))
    await waitUntil('third', 20_000, async () => (await ruleThatDecides(after)) === 'third')
  }, 120_000)

  test('nothing readable stands in the store, and it ends by itself', async () => {
    const { key } = await keepOne('only-alice')
    const text = (await client.get(key)) ?? ''
    expect(text).toMatch(/^1\.\d+\.[0-9a-f]{16}\.[A-Za-z0-9_-]+$/)
    expect(Buffer.from(text.split('.')[3] ?? '', 'base64url').toString('latin1')).not.toContain('alice')
    const days = (await client.pttl(key)) / (24 * 3600 * 1000)
    expect(days).toBeGreaterThan(29)
    expect(days).toBeLessThanOrEqual(30)
  }, 60_000)

  test('what was tampered with is refused', async () => {
    const { mounted, key } = await keepOne()
    const text = (await client.get(key)) ?? ''
    const at = text.length - 40
    await client.set(key, `${text.slice(0, at)}${text[at] === 'A' ? 'B' : 'A'}${text.slice(at + 1)}`)
    mounted.swap(BROKEN)
    const said = await failToStart(mounted.file)
    expect(said).toContain('unknown key actoins')
    expect(said).toContain('what is kept was not written with this instance key')
  }, 60_000)

  test('another instance key finds nothing, and what is put in its place is refused', async () => {
    const { mounted, key } = await keepOne()
    const text = (await client.get(key)) ?? ''
    const elsewhere = mkdtempSync(join(folder, 'other-'))
    const other = { instanceKeyFile: writeInstanceKey(elsewhere) }
    mounted.swap(BROKEN)
    expect(await failToStart(mounted.file, other)).toContain('to start from: nothing is kept')
    mounted.swap(settings('of-another'))
    await isKept(await serve(mounted.file, other))
    const foreign = (await client.keys('vigil:c:*')).find((each) => each !== key) ?? ''
    await client.set(foreign, text)
    mounted.swap(BROKEN)
    expect(await failToStart(mounted.file, other)).toContain('was not written with this instance key')
  }, 90_000)

  test('switched off, nothing is kept and nothing is read', async () => {
    const { mounted } = await keepOne()
    mounted.swap(BROKEN)
    expect(await failToStart(mounted.file, { lastGood: { keep: false } })).toContain('nothing is kept')
    expect(await failToStart(mounted.file, { lastGood: { name: 'another' } })).toContain('nothing is kept')
  }, 60_000)
})
