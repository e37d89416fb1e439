import { createHash } from 'node:crypto'
import type { ChainableCommander } from 'ioredis'

/** Counters of one batch: each gets one more, and its own time to live when it begins. */
export interface Counters {
  readonly keys: string[]
  readonly ttlsMs: number[]
}

/**
 * Counts each key up by one. It does nothing else, so that a batch of some checks costs the server no more than plain
 * commands would (docs/decisions/0010); and no counter can be left without its end, wherever a client dies. What is wrong
 * with one key is the reply for that key; what is wrong with the server (`READONLY`, `OOM`) is the reply to all, so that
 * the client sees it.
 */
const COUNT = `
local counts = {}
for i, key in ipairs(KEYS) do
  local count = redis.pcall('INCR', key)
  if type(count) == 'table' then
    if not (count.err:find('^WRONGTYPE') or count.err:find('^ERR')) then return count end
  elseif count == 1 then
    redis.call('PEXPIRE', key, ARGV[i])
  end
  counts[i] = count
end
return counts`

const SHA1 = createHash('sha1').update(COUNT).digest('hex')

/** Reply: the counts in the order of the keys, or the error `NOSCRIPT`, and then nothing was counted. */
export const countByHash = (pipeline: ChainableCommander, { keys, ttlsMs }: Counters): void =>
  void pipeline.evalsha(SHA1, keys.length, ...keys, ...ttlsMs)

/** The same with the script's text: the server knows it from then on. */
export const countByText = (pipeline: ChainableCommander, { keys, ttlsMs }: Counters): void =>
  void pipeline.eval(COUNT, keys.length, ...keys, ...ttlsMs)
