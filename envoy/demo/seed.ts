import { appendFileSync } from 'node:fs'
import { staticSettings } from '../../src/config/schema/static.ts'
import { createHistoryKeys } from '../../src/history/index.ts'
import { encodeProfile, PROFILE_TTL_MS } from '../../src/history/profile.ts'
import type { Credential } from '../../src/model.ts'
import { silentLog, silentMeter } from '../../src/ports.ts'
import { createRedisStore } from '../../src/store/redis.ts'
import { deriveInstanceKeys } from '../../src/tokens/instance-keys.ts'
import type { Files } from './files.ts'
import { APP } from './people.ts'
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

/** Writes what would take weeks to learn: bob sends two requests a minute. */
export async function seedHabits({ issuer, files, ports, store }: SeedOptions): Promise<void> {
  const nowMs = Date.now()
  const keys = createHistoryKeys(deriveInstanceKeys({ root: files.root, current: files.root }).store)
  const { profile: key } = keys.of(bobAt(issuer))
  const value = encodeProfile({
    firstSeenMs: nowMs - WEEKS * 7 * 86_400_000,
    lastSeenMs: nowMs - 3_600_000,
    seen: ACTIVE_MINUTES * REQUESTS_PER_MINUTE,
    features: {},
    rate: { shape: ACTIVE_MINUTES * REQUESTS_PER_MINUTE, minutes: ACTIVE_MINUTES },
  })
  const entry = { key, value, ttlMs: PROFILE_TTL_MS }
  // `store.memory.seedFile` is documented: one entry a line.
  if (store === 'memory') appendFileSync(files.seed, `${JSON.stringify(entry)}\n`)
  else await writeToRedis(entry, ports.STORE_PORT)
}

/** The names of an identity: everything else of a credential does not reach the store's keys. */
function bobAt(issuer: string): Credential {
  return {
    issuer,
    subject: 'bob',
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

async function writeToRedis(
  entry: { key: string; value: string; ttlMs: number },
  port: number,
): Promise<void> {
  const settings = staticSettings.parse({ store: { kind: 'redis', redis: { port } } }).store.redis
  if (settings === undefined) throw new Error('no redis settings')
  const clock = { nowMs: () => Date.now(), monotonicMs: () => performance.now() }
  const redis = createRedisStore({ settings, clock, log: silentLog, meter: silentMeter })
  try {
    for (let tries = 0; !(await redis.health()).isReachable; tries++) {
      if (tries > 50) throw new Error('Valkey does not answer')
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
    await redis.update(entry.key, entry.ttlMs, () => entry.value)
  } finally {
    await redis.close()
  }
}
