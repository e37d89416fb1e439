import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from '@jest/globals'
import { staticSettings } from '../../src/config/schema/static.ts'
import { StartError } from '../../src/errors.ts'
import { openStore } from '../../src/store/open.ts'
import { fakeClock, fakeLog, fakeMeter } from './fakes.ts'

/** Within a second: `iat` has whole ones, and what was taken earlier in this second must not pass again. */
const AT_MS = 1_760_000_000_700

const folder = mkdtempSync(join(tmpdir(), 'vigil-store-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
const open = (store: object) =>
  openStore(staticSettings.parse({ store }).store, folder, {
    clock: fakeClock(AT_MS),
    log: fakeLog(),
    meter: fakeMeter(),
    newId: () => 'epoch',
  })

/** The process before this one may have taken them, and its memory or its root key is gone. */
test.each([
  ['memory', { kind: 'memory' }],
  ['redis, before it is connected', { kind: 'redis', redis: { port: 1 } }],
])('DPOP-16 %s: what was made before this process began counts as unchecked', async (_kind, settings) => {
  const store = await open(settings)
  const { standing } = store
  await store.close()
  expect(standing?.primarySinceMs).toBe(AT_MS)
})

test('the seed file stands beside the settings', async () => {
  writeFileSync(join(folder, 'seed.jsonl'), '{"key":"p:{a}:b","value":"habit","ttlMs":1000}')
  const store = await open({ memory: { seedFile: 'seed.jsonl' } })
  expect(await store.read([{ op: 'get', key: 'p:{a}:b' }], 20)).toEqual(['habit'])
})

describe('a file that cannot be read is told with its key', () => {
  test.each([
    [{ memory: { seedFile: 'none' } }, 'store.memory.seedFile none: there is no such file'],
    [
      { kind: 'redis', redis: { passwordFile: '.' } },
      'store.redis.passwordFile .: it is a folder; name the file in it',
    ],
    [
      { kind: 'redis', redis: { tls: { caFile: 'none' } } },
      'store.redis.tls.caFile none: there is no such file',
    ],
  ])('%j', async (settings, message) => {
    await expect(open(settings)).rejects.toThrow(new StartError(message))
  })
})
