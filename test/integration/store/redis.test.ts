import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals'
import { makeCa, makeLeaf } from '../../../scripts/certs/make.ts'
import { startRedis, type TlsFiles } from '../../harness/redis.ts'
import { describeWithRedis } from '../../harness/tools.ts'
import { waitUntil } from '../../harness/wait.ts'
import { storeContract } from '../../store/contract.ts'
import { aclArgs } from './acl.ts'
import { isReachable, open, openReady, pass } from './given.ts'

const CREDENTIALS = { settings: { username: 'vigil' }, password: 'a-good-password' }

const cleanups: (() => unknown)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

describeWithRedis('store over TLS with an ACL user', (server) => {
  let tls: TlsFiles
  let ca: string
  let client: { cert: string; key: string }
  let folder: string
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'vigil-store-tls-'))
    const signer = makeCa(folder)
    const names = ['DNS:localhost', 'IP:127.0.0.1']
    tls = { ...makeLeaf(folder, signer, { stem: 'server', names, usage: 'serverAuth' }), ca: signer.cert }
    const leaf = makeLeaf(folder, signer, { stem: 'client', names: ['DNS:vigil'], usage: 'clientAuth' })
    ca = readFileSync(signer.cert, 'utf8')
    client = { cert: readFileSync(leaf.cert, 'utf8'), key: readFileSync(leaf.key, 'utf8') }
  })
  afterAll(() => rmSync(folder, { recursive: true, force: true }))
  const started = (args: readonly string[] = []) =>
    startRedis({
      server,
      tls,
      args: [...aclArgs('store'), '--user', 'default', 'off', ...args],
    })

  storeContract('Redis', async () => {
    const redis = await started()
    const { store } = await openReady(redis.port, { ...CREDENTIALS, tls: { ca } })
    const stop = async () => {
      await store.close()
      await redis.stop()
    }
    return { store, pass, stop }
  })

  test('with a client certificate, another database and a server name', async () => {
    const redis = await started(['--tls-auth-clients', 'optional'])
    cleanups.push(() => redis.stop())
    const settings = { ...CREDENTIALS.settings, database: 2 }
    const tls = { ca, ...client, servername: 'localhost' }
    const { store } = await openReady(redis.port, { ...CREDENTIALS, settings, tls })
    cleanups.push(() => store.close())
    expect(await store.read([{ op: 'claim', key: 'a', value: 'x', ttlMs: 1000 }], 5000)).toEqual([null])
  })

  describe('what must not work', () => {
    const refusedWith = async (options: Parameters<typeof open>[1], code: RegExp) => {
      const redis = await started()
      cleanups.push(() => redis.stop())
      const { store, log } = open(redis.port, options)
      cleanups.push(() => store.close())
      await waitUntil('a failure in the log', 10_000, () => log.lines.some((line) => code.test(line)))
      expect(await isReachable(store)).toBe(false)
      await expect(store.read([{ op: 'get', key: 'a' }], 100)).rejects.toMatchObject({
        reason: 'unreachable',
      })
      expect(log.lines.join()).not.toContain('password')
    }

    test('a wrong password', () =>
      refusedWith({ ...CREDENTIALS, password: 'a-wrong-password', tls: { ca } }, /WRONGPASS|NOAUTH/))

    test('no password', () => refusedWith({ tls: { ca } }, /NOAUTH/))

    test('a certificate of another CA', () =>
      refusedWith({ ...CREDENTIALS, tls: {} }, /SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO/))

    test('a certificate for another name', () =>
      refusedWith({ ...CREDENTIALS, tls: { ca, servername: 'other' } }, /ERR_TLS_CERT_ALTNAME_INVALID/))
  })

  test('a command that the ACL forbids is refused, and the store stays up', async () => {
    const redis = await started()
    cleanups.push(() => redis.stop())
    const { store } = await openReady(redis.port, {
      ...CREDENTIALS,
      settings: { ...CREDENTIALS.settings, keyPrefix: 'other:' },
      tls: { ca },
    })
    cleanups.push(() => store.close())
    await expect(store.read([{ op: 'get', key: 'a' }], 5000)).rejects.toMatchObject({ reason: 'refused' })
    await expect(store.update('a', 1000, () => '')).rejects.toMatchObject({ reason: 'refused' })
    expect(await isReachable(store)).toBe(true)
  })
})
