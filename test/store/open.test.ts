import { expect, test } from '@jest/globals'
import { staticSettings } from '../../src/config/schema/static.ts'
import { openStore } from '../../src/store/open.ts'
import { fakeClock, fakeLog, fakeMeter } from './fakes.ts'

const AT_MS = 1_760_000_000_000

const open = (store: object) =>
  openStore(staticSettings.parse({ store }).store, import.meta.dirname, {
    clock: fakeClock(AT_MS + 700),
    log: fakeLog(),
    meter: fakeMeter(),
  })

/** The process before this one may have taken them, and its memory or its root key is gone. */
test.each([
  ['memory', { kind: 'memory' }],
  ['redis, before it is connected', { kind: 'redis', redis: { port: 1 } }],
])('DPOP-16 %s: what was made before this process began counts as unchecked', async (_kind, settings) => {
  const store = open(settings)
  expect(store.standing?.primarySinceMs).toBe(AT_MS)
  await store.close()
})
