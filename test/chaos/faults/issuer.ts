/** The issuer of tokens is away, slow, mad, or has changed its keys. */
import { setTimeout as sleep } from 'node:timers/promises'
import { keys, makeKey } from '../../harness/tokens.ts'
import { mintBook } from '../book.ts'
import { GROUPS, type Group } from '../kinds.ts'
import { nowMs } from '../load/messages.ts'
import { type Expected, type Fault, UNAVAILABLE, WHOLE } from '../promise.ts'
import { issuerOf, KEY_TIMES } from '../world/settings.ts'
import type { World } from '../world/world.ts'

const servesOn = { ...WHOLE, says: 'the keys at hand serve on (until `maxStaleSeconds`)' } as const
const noKeys = 'keys never loaded, or older than `maxStaleSeconds`: 503'

/** While both start, nobody is there to answer. */
const orAway = (promised: typeof UNAVAILABLE): Readonly<Record<Group, Expected>> => {
  const groups = GROUPS.map((group): [Group, Expected] => {
    const { may, ...rest } = promised[group]
    return [group, { ...rest, may: [...may, 'envoy'] }]
  })
  return Object.fromEntries(groups) as Record<Group, Expected>
}

const LONGEST_MS = 30_000
const LOOK_MS = 100

/** Envoy leaves out for a while those that were away: only then is what they answer to be seen. */
async function untilAsked({ load }: World): Promise<void> {
  const fromMs = nowMs()
  const isAsked = () => load.samples().some(({ dueMs, answer }) => dueMs > fromMs && answer !== 'envoy')
  while (!isAsked() && nowMs() < fromMs + LONGEST_MS) await sleep(LOOK_MS)
}

const downAtStart: Fault = {
  name: 'issuer-down-at-start',
  title: 'The issuer is away when both Vigils start',
  promise: { ...orAway(UNAVAILABLE), says: noKeys },
  start: async (world) => {
    await world.issuer.stop()
    await world.restart()
    await untilAsked(world)
  },
  stop: ({ issuer }) => issuer.start(),
}

const downLater: Fault = {
  name: 'issuer-down',
  title: 'The issuer goes away',
  promise: servesOn,
  start: ({ issuer }) => issuer.stop(),
  stop: ({ issuer }) => issuer.start(),
}

/** Keys of all others serve for an hour without their issuer; here they end with the fault that lasts two seconds. */
async function withShortLives(world: World): Promise<void> {
  const jwks = { refreshSeconds: 1, maxStaleSeconds: 1 }
  world.configure(() => ({ identity: { issuers: [issuerOf(world.issuer.uri, jwks)] } }))
  await sleep(1000)
}

const downTooLong: Fault = {
  name: 'issuer-down-too-long',
  title: 'The issuer stays away for longer than `maxStaleSeconds`',
  promise: { ...UNAVAILABLE, says: noKeys },
  prepare: withShortLives,
  start: ({ issuer }) => issuer.stop(),
  stop: ({ issuer }) => issuer.start(),
  tidy: async (world) => world.configure(),
}

const garbage: Fault = {
  name: 'issuer-garbage',
  title: 'The issuer answers with garbage instead of keys',
  promise: servesOn,
  start: ({ issuer }) => {
    issuer.mood = 'garbage'
  },
  stop: ({ issuer }) => {
    issuer.mood = 'well'
  },
}

const slow: Fault = {
  name: 'issuer-slow',
  isFullOnly: 'issuer-down serves on from the same keys',
  title: 'The issuer answers after 10 s',
  promise: servesOn,
  start: ({ issuer }) => {
    issuer.mood = 'slow'
  },
  stop: ({ issuer }) => {
    issuer.mood = 'well'
  },
}

/** So long after a key was taken back, nobody may take it any more. */
const GUARD_MS = KEY_TIMES.refreshSeconds * 1000 + 500

const rotated: Fault = {
  name: 'key-rotated',
  title: 'The issuer signs with another key, and takes the one before back',
  promise: {
    ...WHOLE,
    says: 'the new key is fetched when a token names it; the old one ends with `refreshSeconds`',
  },
  start: async ({ issuer, load, signers }) => {
    const next = makeKey('ES256', 'next')
    issuer.keys = [keys.es256, next]
    await sleep(GUARD_MS)
    load.use(mintBook(signers, next))
    issuer.keys = [next]
    await sleep(GUARD_MS)
    // From now on a token of the old key that passes is a wrong allow.
    load.use(mintBook(signers, next, keys.es256))
  },
  // And back, in the same way: what the old key signed may pass again only when nobody shows it as retired any more.
  stop: async ({ issuer, load, signers }) => {
    const [next = keys.es256] = issuer.keys
    load.use(mintBook(signers, next))
    await sleep(GUARD_MS)
    issuer.keys = [keys.es256, next]
    await sleep(GUARD_MS)
    load.use(mintBook(signers, keys.es256))
  },
  tidy: async ({ issuer }) => {
    issuer.keys = [keys.es256]
  },
}

export const issuerFaults: readonly Fault[] = [downAtStart, downLater, downTooLong, garbage, slow, rotated]
