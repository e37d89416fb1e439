import { createHash } from 'node:crypto'
import type { Redis } from 'ioredis'
import { replyCode, unavailable } from './redis-failure.ts'
import type { RedisNode } from './redis-node.ts'
import { ATTEMPTS } from './redis-update.ts'
import { StoreUnavailable } from './store.ts'

type Merge = (current: string | null) => string

/** One key that is to change. */
interface Update {
  readonly key: string
  readonly ttlMs: number
  readonly merge: Merge
  readonly resolve: () => void
  readonly reject: (error: unknown) => void
  /** As it was last seen. */
  current: string | null
  next: string
}

/**
 * For each key as COMPARE_AND_SET of redis-update.ts. What is wrong with one key is the reply for that key, what is wrong
 * with the server the reply to all.
 */
const COMPARE_AND_SET_EACH = `
local found = {}
for i, key in ipairs(KEYS) do
  local at = (i - 1) * 4
  local current = redis.pcall('GET', key)
  if type(current) == 'table' then
    if not (current.err:find('^WRONGTYPE') or current.err:find('^ERR')) then return current end
    found[i] = current
  elseif current ~= (ARGV[at + 1] == '1' and ARGV[at + 2]) then
    found[i] = current
  else
    redis.call('SET', key, ARGV[at + 3], 'PX', ARGV[at + 4])
    found[i] = 1
  end
end
return found`

const SHA1 = createHash('sha1').update(COMPARE_AND_SET_EACH).digest('hex')

/**
 * Updates that are asked for together are read and written together: two calls for all of them, because a call costs the
 * client as much as merging (docs/decisions/0010). Each is merged, and tried again, by itself.
 */
export class UpdateBatch {
  readonly #node: RedisNode
  readonly #timeoutMs: number
  #waiting: Update[] = []

  /** @param timeoutMs longest time for all that is asked for together */
  constructor(node: RedisNode, timeoutMs: number) {
    this.#node = node
    this.#timeoutMs = timeoutMs
  }

  /** As `Store.update`, under the whole key. */
  update(key: string, ttlMs: number, merge: Merge): Promise<void> {
    return new Promise((resolve, reject) => {
      const update = { key, ttlMs, merge, resolve, reject, current: null, next: '' }
      if (this.#waiting.push(update) === 1) process.nextTick(() => void this.#send())
    })
  }

  async #send(): Promise<void> {
    const batch = this.#waiting
    this.#waiting = []
    try {
      await this.#node.within(write(this.#node.ready(), batch), this.#timeoutMs)
    } catch (error) {
      // Of no consequence to those that are settled.
      for (const { reject } of batch) reject(error)
    }
  }
}

/** Settles each; rejects only when none of those that are open can be told anything else. */
async function write(client: Redis, batch: readonly Update[]): Promise<void> {
  const values = await client.mget(batch.map(({ key }) => key))
  let open = batch.filter((update, i) => prepared(update, values[i] ?? null))
  for (let attempt = 0; attempt < ATTEMPTS && open.length > 0; attempt++) {
    const found = await evaluate(client, open)
    open = open.filter((update, i) => isOpen(update, found[i]))
  }
  for (const { reject } of open) reject(new StoreUnavailable('contended'))
}

/** @returns false when it cannot be merged, and has been told so */
function prepared(update: Update, current: string | null): boolean {
  try {
    update.next = update.merge(current)
    update.current = current
    return true
  } catch (error) {
    update.reject(error)
    return false
  }
}

/** @returns whether somebody else wrote in between, so that it has to be tried once more */
function isOpen(update: Update, found: unknown): boolean {
  if (found === 1) update.resolve()
  else if (found instanceof Error) update.reject(unavailable(found))
  else return prepared(update, typeof found === 'string' ? found : null)
  return false
}

async function evaluate(client: Redis, updates: readonly Update[]): Promise<readonly unknown[]> {
  const keys = updates.map(({ key }) => key)
  const values = updates.flatMap(({ current, next, ttlMs }) => [
    current === null ? '0' : '1',
    current ?? '',
    next,
    String(ttlMs),
  ])
  try {
    return (await client.evalsha(SHA1, keys.length, ...keys, ...values)) as unknown[]
  } catch (error) {
    // The server forgets scripts when it restarts; EVAL teaches it again.
    if (replyCode(error) !== 'NOSCRIPT') throw error
    return (await client.eval(COMPARE_AND_SET_EACH, keys.length, ...keys, ...values)) as unknown[]
  }
}
