/** Passwords and certificates that are renewed by writing their files, while Vigil runs. */
import { randomUUID } from 'node:crypto'
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { makeCa, makeLeaf } from '../../../scripts/certs/make.ts'
import { systemClock } from '../../../src/clock.ts'
import { staticSettings } from '../../../src/config/schema/static.ts'
import { openStore } from '../../../src/store/open.ts'
import { adminOf, startRedis, togetherArgs } from '../../harness/redis.ts'
import { describeWithRedis, describeWithValkey } from '../../harness/tools.ts'
import { waitUntil } from '../../harness/wait.ts'
import { fakeLog, fakeMeter } from '../../store/fakes.ts'
import { aclArgs } from './acl.ts'
import { isReachable } from './given.ts'

const OLD = 'a-good-password'
const NEW = 'a-newer-password'

let folder: string
const cleanups: (() => unknown)[] = []
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'vigil-rotation-'))
  cleanups.push(() => rmSync(folder, { recursive: true, force: true }))
})
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

async function opened(redis: object) {
  const log = fakeLog()
  const settings = staticSettings.parse({ store: { kind: 'redis', redis } }).store
  const deps = { clock: systemClock, meter: fakeMeter(), newId: randomUUID, log }
  const store = await openStore(settings, folder, deps)
  cleanups.push(() => store.close())
  await waitUntil('store', 10_000, () => isReachable(store))
  return { store, log }
}

describeWithValkey('a password in a file', (server) => {
  const started = async () => {
    writeFileSync(join(folder, 'password'), OLD)
    const args = [...togetherArgs(undefined), ...aclArgs('store'), '--user', 'default', 'off']
    const valkey = await startRedis({ server, args })
    cleanups.push(() => valkey.stop())
    const admin = adminOf(valkey.port, undefined)
    cleanups.push(() => admin.disconnect())
    const all = await opened({ port: valkey.port, username: 'vigil', passwordFile: 'password' })
    const user = (...rules: string[]) => admin.call('ACL', 'SETUSER', 'vigil', ...rules)
    const killAll = () => admin.call('CLIENT', 'KILL', 'USER', 'vigil')
    const connections = () => all.log.lines.filter((line) => line === 'info store.connected').length
    return { ...all, user, killAll, connections }
  }

  test('both are valid for a while: the connection stays, and the next one takes the new password', async () => {
    const { store, log, user, killAll, connections } = await started()
    await user(`>${NEW}`)
    writeFileSync(join(folder, 'password'), `${NEW}\n`)
    expect(await isReachable(store)).toBe(true)
    await user(`<${OLD}`)
    expect(await isReachable(store)).toBe(true)
    expect(connections()).toBe(1)
    await killAll()
    await waitUntil('it is back', 10_000, () => connections() === 2)
    expect(await isReachable(store)).toBe(true)
    expect(log.lines.join()).not.toMatch(/WRONGPASS|NOAUTH|password/)
  })

  test('the file comes late: it is refused until then, and comes back by itself', async () => {
    const { store, log, user, killAll, connections } = await started()
    await user('resetpass', `>${NEW}`)
    await killAll()
    await waitUntil('it is refused', 10_000, () => log.lines.some((line) => line.includes('WRONGPASS')))
    expect(await isReachable(store)).toBe(false)
    writeFileSync(join(folder, 'password'), NEW)
    await waitUntil('it is back', 10_000, () => connections() === 2)
    expect(await isReachable(store)).toBe(true)
  })

  test('the file is gone while it is swapped: what was read last goes on, and that is told', async () => {
    const { store, log, killAll, connections } = await started()
    rmSync(join(folder, 'password'))
    await killAll()
    await waitUntil('it is back', 10_000, () => connections() === 2)
    expect(await isReachable(store)).toBe(true)
    expect(log.lines).toContain(
      'warn store.secrets-unreadable {"reason":"store.redis.passwordFile password: there is no such file"}',
    )
  })
})

describeWithRedis('certificates in files', (server) => {
  test('the server gets a certificate of another CA: the file of the CA is enough', async () => {
    const names = ['DNS:localhost', 'IP:127.0.0.1']
    const made = (stem: string) => {
      const at = mkdtempSync(join(folder, `${stem}-`))
      const ca = makeCa(at)
      return { ...makeLeaf(at, ca, { stem, names, usage: 'serverAuth' }), ca: ca.cert }
    }
    const [old, next] = [made('old'), made('next')]
    cpSync(old.ca, join(folder, 'ca.crt'))
    const first = await startRedis({ server, tls: old })
    cleanups.push(() => first.stop())
    const { store, log } = await opened({ port: first.port, tls: { caFile: 'ca.crt' } })
    await first.stop()
    const second = await startRedis({ server, tls: next, port: first.port })
    cleanups.push(() => second.stop())
    const unknownCa = /SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO/
    await waitUntil('it is not believed', 10_000, () => log.lines.some((line) => unknownCa.test(line)))
    // Half a file is no certificate, and is not taken for one.
    writeFileSync(join(folder, 'ca.crt'), '-----BEGIN CERTIFICATE-----\nMIIB')
    await waitUntil('it is told', 10_000, () => log.lines.some((line) => line.includes('hold no PEM')))
    cpSync(next.ca, join(folder, 'ca.crt'))
    await waitUntil('it is back', 10_000, () => isReachable(store))
  })
})
