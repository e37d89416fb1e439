import { randomUUID } from 'node:crypto'
import { appendFileSync } from 'node:fs'
import { staticSettings } from '../../src/config/schema/static.ts'
import { createHistoryKeys } from '../../src/history/index.ts'
import type { HistoryKeys } from '../../src/history/keys.ts'
import { encodeProfile, type ProfileRecord } from '../../src/history/profile.ts'
import type { Credential } from '../../src/model.ts'
import { silentLog, silentMeter } from '../../src/ports.ts'
import { createRedisStore } from '../../src/store/redis.ts'
import { deriveInstanceKeys } from '../../src/tokens/instance-keys.ts'
import type { Files } from './files.ts'
import { APP, type User } from './people.ts'
import { HOME } from './places.ts'
import type { Ports } from './ports.ts'

export interface SeedOptions {
  readonly issuer: string
  readonly files: Files
  readonly ports: Ports
  readonly store: 'memory' | 'redis'
}

const WEEKS = 3
const ACTIVE_MINUTES = 5000
const REQUESTS_PER_MINUTE = 2
const SEEN = ACTIVE_MINUTES * REQUESTS_PER_MINUTE

/** Longer than any demo. */
const KEPT_MS = 90 * 86_400_000

interface Entry {
  readonly key: string
  readonly value: string
  readonly ttlMs: number
}

/** Writes what would take weeks to learn: bob sends two requests a minute, and carol always comes from her home. */
export async function seedHabits({ issuer, files, ports, store }: SeedOptions): Promise<void> {
  const keys = createHistoryKeys(deriveInstanceKeys({ root: files.root, current: files.root }).store)
  const nowMs = Date.now()
  const entryOf = (user: User, features: ProfileRecord['features']): Entry => ({
    key: keys.of(identityOf(user, issuer)).profile,
    value: encodeProfile(habit(nowMs, features)),
    ttlMs: KEPT_MS,
  })
  const entries = [entryOf('bob', {}), entryOf('carol', fromHome(keys, nowMs))]
  // `store.memory.seedFile` is documented: one entry a line.
  if (store === 'memory')
    appendFileSync(files.seed, entries.map((entry) => `${JSON.stringify(entry)}\n`).join(''))
  else await writeToRedis(entries, ports.STORE_PORT)
}

const firstSeenMs = (nowMs: number) => nowMs - WEEKS * 7 * 86_400_000
const lastSeenMs = (nowMs: number) => nowMs - 3_600_000

function habit(nowMs: number, features: ProfileRecord['features']): ProfileRecord {
  return {
    firstSeenMs: firstSeenMs(nowMs),
    lastSeenMs: lastSeenMs(nowMs),
    seen: SEEN,
    features,
    rate: { shape: SEEN, minutes: ACTIVE_MINUTES },
  }
}

function fromHome(keys: HistoryKeys, nowMs: number): ProfileRecord['features'] {
  const always = (value: string) => ({
    shown: SEEN,
    values: [{ value, count: SEEN, firstSeenMs: firstSeenMs(nowMs), lastSeenMs: lastSeenMs(nowMs) }],
  })
  return {
    network: always(keys.common('network', String(HOME.asn))),
    country: always(keys.common('country', HOME.country)),
  }
}

/** The names of an identity: everything else of a credential does not reach the store's keys. */
function identityOf(subject: User, issuer: string): Credential {
  return {
    issuer,
    subject,
    kind: 'user',
    tenant: '',
    client: APP,
    session: { id: 'none', isDerived: true },
    scopes: [],
    amr: [],
    issuedAt: 0,
    expiresAt: 0,
    claims: {},
    tokenId: '',
    tokenHash: '',
    confirmation: {},
  }
}

async function writeToRedis(entries: readonly Entry[], port: number): Promise<void> {
  const settings = staticSettings.parse({ store: { kind: 'redis', redis: { port } } }).store.redis
  if (settings === undefined) throw new Error('no redis settings')
  const clock = { nowMs: () => Date.now(), monotonicMs: () => performance.now() }
  const redis = createRedisStore({
    settings,
    clock,
    log: silentLog,
    meter: silentMeter,
    newId: randomUUID,
    secrets: () => ({}),
  })
  try {
    for (let tries = 0; !(await redis.health()).isReachable; tries++) {
      if (tries > 50) throw new Error('Valkey does not answer')
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
    for (const { key, value, ttlMs } of entries) await redis.update(key, ttlMs, () => value)
  } finally {
    await redis.close()
  }
}
