/** A primary that Sentinels name: found, lost, and found again where it is now. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals'
import { makeCa, makeLeaf } from '../../../scripts/certs/make.ts'
import type { Store } from '../../../src/store/store.ts'
import { freePort } from '../../harness/ports.ts'
import type { TlsFiles } from '../../harness/redis.ts'
import { type RedisSentinels, type SentinelOptions, startSentinels } from '../../harness/redis-sentinel.ts'
import { describeWithRedis, describeWithValkey } from '../../harness/tools.ts'
import { waitUntil } from '../../harness/wait.ts'
import { aclArgs, aclLine } from './acl.ts'
import { isReachable, open, openReady } from './given.ts'

const cleanups: (() => unknown)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

const claim = (store: Store, key: string, value: string) =>
  store.read([{ op: 'claim', key, value, ttlMs: 60_000 }], 5000)

async function started(options: SentinelOptions): Promise<RedisSentinels> {
  const sentinels = await startSentinels(options)
  cleanups.push(() => sentinels.stop())
  return sentinels
}

/** Claims until one goes through; every failure on the way is one that the failure table knows. */
const claimed = (store: Store, key: string) =>
  waitUntil('a claim', 20_000, () => claim(store, key, 'x').catch(() => undefined))

describeWithValkey('a store behind Sentinels', (server) => {
  const opened = async (sentinels: RedisSentinels, settings: object = {}) => {
    const { name, nodes } = sentinels
    const all = await openReady(1, { settings: { sentinel: { name, nodes, ...settings } } })
    cleanups.push(() => all.store.close())
    return all
  }

  test('the primary is killed: the promoted replica takes over, and proofs from before prove nothing', async () => {
    const sentinels = await started({ server })
    const { store, log } = await opened(sentinels)
    expect(await claim(store, '{a}:1', 'x')).toEqual([null])
    const before = await sentinels.primary()
    const killedMs = Date.now()
    sentinels.servers[0]?.running.kill('SIGKILL')
    await sentinels.waitForPrimary(before)
    await claimed(store, '{a}:2')
    expect(store.standing?.primarySinceMs).toBeGreaterThanOrEqual(killedMs)
    expect(log.lines).toContain('warn store.loss {"why":"primary"}')
    expect((await store.health()).degraded).toEqual([])
  }, 40_000)

  test('a failover while the old primary lives: nothing is asked of it as a replica', async () => {
    const sentinels = await started({ server })
    const { store, log } = await opened(sentinels)
    const before = await sentinels.primary()
    const askedMs = Date.now()
    await sentinels.failover()
    const outcomes = new Set<string>()
    let use = 0
    await waitUntil('the other primary', 20_000, async () => {
      const outcome = await claim(store, `{b}:${use++}`, 'x').then(String, (error) => error.reason)
      outcomes.add(outcome)
      return (store.standing?.primarySinceMs ?? 0) > askedMs
    })
    expect(await sentinels.primary()).not.toBe(before)
    expect(log.lines).toContain('warn store.primary-switched')
    for (const outcome of outcomes) expect(['', 'refused', 'unreachable']).toContain(outcome)
    expect((await store.health()).degraded).toEqual([])
  }, 40_000)

  test('the first Sentinel is gone, the second hangs: the third tells', async () => {
    const sentinels = await started({ server, sentinels: 2 })
    const [hanging, good] = sentinels.sentinels
    hanging?.running.kill('SIGSTOP')
    cleanups.push(() => hanging?.running.kill('SIGCONT'))
    const nodes = [`127.0.0.1:${await freePort()}`, `127.0.0.1:${hanging?.port}`, `127.0.0.1:${good?.port}`]
    const { store, log } = await opened(sentinels, { nodes })
    expect(await claim(store, '{c}:1', 'x')).toEqual([null])
    expect(log.lines.join()).toContain('store.sentinel-failed')
  }, 40_000)

  test('a name that the Sentinels do not know is told', async () => {
    const sentinels = await started({ server, replicas: 0 })
    const { store, log } = open(1, { settings: { sentinel: { name: 'other', nodes: sentinels.nodes } } })
    cleanups.push(() => store.close())
    await waitUntil('the log', 10_000, () => log.lines.some((line) => line.includes('NO_SUCH_NAME')))
    expect(await isReachable(store)).toBe(false)
  }, 40_000)

  test('no Sentinel at all: it fails at once, and connects when there is one', async () => {
    const { store } = open(1, {
      settings: { sentinel: { name: 'main', nodes: [`127.0.0.1:${await freePort()}`] } },
    })
    await expect(claim(store, '{d}:1', 'x')).rejects.toMatchObject({ reason: 'unreachable' })
    await store.close()
  })
})

describeWithRedis('a store behind Sentinels, over TLS with ACL users', (server) => {
  let folder: string
  let tls: TlsFiles
  let ca: string
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'vigil-sentinel-tls-'))
    const signer = makeCa(folder)
    const names = ['DNS:localhost', 'IP:127.0.0.1']
    tls = {
      ...makeLeaf(folder, signer, { stem: 'server', names, usage: 'serverAuth,clientAuth' }),
      ca: signer.cert,
    }
    ca = readFileSync(signer.cert, 'utf8')
  })
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  test('it is found, and found again after a failover', async () => {
    const sentinels = await started({
      server,
      tls,
      args: [...aclArgs('store'), '--user', 'default', 'off'],
      sentinelLines: [aclLine('sentinel'), 'user default off'],
    })
    const { name, nodes } = sentinels
    const { store, log } = await openReady(1, {
      settings: { username: 'vigil', sentinel: { name, nodes, username: 'vigil' } },
      password: 'a-good-password',
      tls: { ca },
      sentinelPassword: 'another-password',
      sentinelTls: { ca },
    })
    cleanups.push(() => store.close())
    expect(await claim(store, '{a}:1', 'x')).toEqual([null])
    const before = await sentinels.primary()
    sentinels.servers[0]?.running.kill('SIGKILL')
    await sentinels.waitForPrimary(before)
    await claimed(store, '{a}:2')
    expect(await store.health()).toMatchObject({ isReachable: true, degraded: [] })
    expect(log.lines.join()).not.toContain('password')
  }, 40_000)

  describe('what must not work', () => {
    test.each([
      ['a wrong password at the Sentinel', { sentinelPassword: 'wrong' }, /WRONGPASS|NOAUTH/],
      ['a Sentinel of another CA', { sentinelTls: {} }, /sentinel-failed.*unreachable/],
      ['a wrong password at the server', { password: 'wrong' }, /WRONGPASS|NOAUTH/],
    ])(
      '%s',
      async (_what, secrets, told) => {
        const sentinels = await started({
          server,
          tls,
          replicas: 0,
          args: [...aclArgs('store'), '--user', 'default', 'off'],
          sentinelLines: [aclLine('sentinel'), 'user default off'],
        })
        const { name, nodes } = sentinels
        const { store, log } = open(1, {
          settings: { username: 'vigil', sentinel: { name, nodes, username: 'vigil' } },
          password: 'a-good-password',
          tls: { ca },
          sentinelPassword: 'another-password',
          sentinelTls: { ca },
          ...secrets,
        })
        cleanups.push(() => store.close())
        await waitUntil('the log', 10_000, () => log.lines.some((line) => told.test(line)))
        expect(await isReachable(store)).toBe(false)
      },
      40_000,
    )
  })
})
