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
  evalsha(sha1: string, keys: number, ...args: string[]): Promise<unknown>
  eval(script: string, keys: number, ...args: string[]): Promise<unknown>
}

/** Tries per update. Each lost try means that another process's write has gone through, so all make progress. */
const ATTEMPTS = 8

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
    const found = await evaluate(client, key, [isExpected, current ?? '', merge(current), String(ttlMs)])
    if (found === 1) return
    current = typeof found === 'string' ? found : null
  }
  throw new StoreUnavailable('contended')
}

async function evaluate(client: Caller, key: string, args: readonly string[]): Promise<unknown> {
  try {
    return await client.evalsha(SHA1, 1, key, ...args)
  } catch (error) {
    // The server forgets scripts when it restarts; EVAL teaches it again.
    if (replyCode(error) !== 'NOSCRIPT') throw error
    return client.eval(COMPARE_AND_SET, 1, key, ...args)
  }
}

/** Asks a server for keys of a slot that it is only about to get: each command says that it knows (ASKING). */
export function asking(client: Redis): Caller {
  const run = async (add: (pipeline: ChainableCommander) => unknown): Promise<unknown> => {
    const pipeline = client.pipeline()
    add(pipeline.asking())
    const [error, reply] = (await pipeline.exec())?.[1] ?? []
    if (error) throw error
    return reply
  }
  return {
    get: (key) => run((pipeline) => pipeline.get(key)) as Promise<string | null>,
    evalsha: (...args) => run((pipeline) => pipeline.evalsha(...args)),
    eval: (...args) => run((pipeline) => pipeline.eval(...args)),
  }
}
