import { createHash } from 'node:crypto'
import type { ChainableCommander, Redis } from 'ioredis'
import { replyCode } from './redis-failure.ts'
import { StoreUnavailable } from './store.ts'

/** Sets the value if the one that was read still stands there; else tells what stands there now. */
const COMPARE_AND_SET = `
local current = redis.call('GET', KEYS[1])
if current ~= (ARGV[1] == '1' and ARGV[2]) then return current end
redis.call('SET', KEYS[1], ARGV[3], 'PX', ARGV[4])
return 1`

const SHA1 = createHash('sha1').update(COMPARE_AND_SET).digest('hex')

/** What an update needs of a connection. */
export interface Caller {
  get(key: string): Promise<string | null>
  /** @param args whether something is expected, what, the new value, its time to live. Resolves with 1, or what stands there. */
  compareAndSet(key: string, args: readonly string[]): Promise<unknown>
}

/** Tries per update. Each lost try means that another process's write has gone through, so all make progress. */
export const ATTEMPTS = 8

/**
 * Read, merge here, write if nobody wrote in between, else merge again (docs/decisions/0002).
 * @throws StoreUnavailable('contended') after too many lost tries; errors of the client as they are
 */
export async function updateByCompareAndSet(
  client: Caller,
  key: string,
  ttlMs: number,
  merge: (current: string | null) => string,
): Promise<void> {
  let current = await client.get(key)
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const isExpected = current === null ? '0' : '1'
    const found = await client.compareAndSet(key, [isExpected, current ?? '', merge(current), String(ttlMs)])
    if (found === 1) return
    current = typeof found === 'string' ? found : null
  }
  throw new StoreUnavailable('contended')
}

/** Updates that are written at the same time leave in one write. */
export const merging = (client: Redis): Caller => ({
  get: (key) => client.get(key),
  async compareAndSet(key, args) {
    try {
      return await client.evalsha(SHA1, 1, key, ...args)
    } catch (error) {
      // The server forgets scripts when it restarts; EVAL teaches it again.
      if (replyCode(error) !== 'NOSCRIPT') throw error
      return client.eval(COMPARE_AND_SET, 1, key, ...args)
    }
  },
})

/**
 * Each command leaves at once, in the order in which it is called, and none a second time.
 * @param isAsking it is for a slot that the server is only about to get (ASKING)
 */
export function inOrder(client: Redis, isAsking = false): Caller {
  const run = async (add: (pipeline: ChainableCommander) => unknown): Promise<unknown> => {
    const pipeline = client.pipeline()
    if (isAsking) pipeline.asking()
    add(pipeline)
    const [error, reply] = (await pipeline.exec())?.at(-1) ?? []
    if (error) throw error
    return reply
  }
  return {
    get: (key) => run((pipeline) => pipeline.get(key)) as Promise<string | null>,
    compareAndSet: (key, args) => run((pipeline) => pipeline.eval(COMPARE_AND_SET, 1, key, ...args)),
  }
}
