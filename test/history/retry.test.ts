import { expect, test } from '@jest/globals'
import {
  compileHistory,
  createHistoryKeys,
  createLocalReplay,
  type HistoryConfig,
  recall,
} from '../../src/history/index.ts'
import type { SingleUse, Subject } from '../../src/model.ts'
import { silentMeter } from '../../src/ports.ts'
import { createMemoryStore } from '../../src/store/memory.ts'
import { TEST_KEYS } from '../harness/app.ts'
import { AT_MS, checkOf, credentialOf, factsOf, identified } from '../support/check-of.ts'

const clock = { nowMs: () => AT_MS, monotonicMs: () => 0 }

/** One process on a store that may have several. */
const processOn = (store = createMemoryStore({ maxEntries: 1000, clock })): HistoryConfig =>
  compileHistory({
    limits: [{ name: 'per-subject', per: 'subject', requests: 10, windowSeconds: 60 }],
    store,
    keys: createHistoryKeys(TEST_KEYS.store),
    replay: createLocalReplay(),
    clock,
    budgetMs: 20,
    meter: silentMeter,
  })

const proof = (name: string): SingleUse => ({
  kind: 'proof',
  name,
  ttlMs: 60_000,
  issuedAtMs: AT_MS,
  mayRepeat: false,
})
const credential = credentialOf()
const showing = (name: string) => ({ ...identified(credential), uses: [proof(name)] }) as Subject

async function counted(config: HistoryConfig, name: string, attempt: string) {
  const past = await recall(checkOf({ attempt }), showing(name), factsOf(), config)
  return [past.proof, past.requestsPerMinute, past.limits[0]?.used]
}

test('Envoy’s own retry of one check counts once, now and in the counts of later requests', async () => {
  const config = processOn()
  expect(await counted(config, 'a', 'one')).toEqual(['first', 1, 1])
  expect(await counted(config, 'a', 'one')).toEqual(['retry', 1, 1])
  expect(await counted(config, 'b', 'two')).toEqual(['first', 2, 2])
})

test('a replay is no retry, and counts', async () => {
  const config = processOn()
  await counted(config, 'a', 'one')
  expect(await counted(config, 'a', 'two')).toEqual(['repeated', 2, 2])
})

test('a retry that comes to another process sees itself once', async () => {
  const store = createMemoryStore({ maxEntries: 1000, clock })
  expect(await counted(processOn(store), 'a', 'one')).toEqual(['first', 1, 1])
  expect(await counted(processOn(store), 'a', 'one')).toEqual(['retry', 1, 1])
})
