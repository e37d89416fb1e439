import slotOfKey from 'cluster-key-slot'

/** Keys of one `{hash tag}` are in one of these; each primary of a cluster serves some. */
export const SLOTS = 16_384

export const slotOf = (key: string): number => slotOfKey(key)

/** A primary and the slots that it serves, first and last of each range. */
export interface Shard {
  readonly host: string
  readonly port: number
  readonly ranges: readonly (readonly [first: number, last: number])[]
}

/**
 * Reads the reply of `CLUSTER SLOTS`; replicas are left out. What has another form is left out, too.
 * @param askedHost where the question went: a server that does not know its own name leaves it empty
 */
export function shardsOf(reply: unknown, askedHost: string): Shard[] {
  const shards = new Map<string, { host: string; port: number; ranges: [number, number][] }>()
  for (const entry of Array.isArray(reply) ? reply : []) {
    const [first, last, primary] = Array.isArray(entry) ? entry : []
    if (!isSlot(first) || !isSlot(last) || !Array.isArray(primary) || !Number.isInteger(primary[1])) continue
    const host = typeof primary[0] === 'string' && primary[0] !== '' ? primary[0] : askedHost
    const port: number = primary[1]
    const shard = shards.get(addressOf(host, port)) ?? { host, port, ranges: [] }
    shard.ranges.push([first, last])
    shards.set(addressOf(host, port), shard)
  }
  return [...shards.values()]
}

const isSlot = (value: unknown): value is number =>
  Number.isInteger(value) && (value as number) >= 0 && (value as number) < SLOTS

export const addressOf = (host: string, port: number): string => `${host}:${port}`

/**
 * Why a key was not served, and who may: the command has not run. `again`: the same server, later or in another form.
 * MOVED and ASK name another (https://redis.io/docs/latest/operate/oss_and_stack/reference/cluster-spec/).
 */
export type Redirection =
  | { readonly kind: 'moved' | 'ask'; readonly address: string }
  | { readonly kind: 'again'; readonly address?: undefined }

/** @param reply anything; its text tells when it is an error: `MOVED 3999 127.0.0.1:6381`, `ASK …`, `TRYAGAIN …` */
export function redirectionOf(reply: unknown): Redirection | undefined {
  if (!(reply instanceof Error)) return undefined
  const text = reply.message
  // A server that does not know the other's name leaves it empty: then only another look at the cluster helps.
  const [, word, address] = /^(MOVED|ASK) \d+ (\S+:\d+)$/.exec(text) ?? []
  if (address !== undefined) return { kind: word === 'ASK' ? 'ask' : 'moved', address }
  return /^(TRYAGAIN|NOSCRIPT)\b/.test(text) ? { kind: 'again' } : undefined
}

const tags = new Map<number, string>()

/** A hash tag of this slot: the smallest number that falls into it, so that all processes take the same. */
export function tagOf(slot: number): string {
  let tag = tags.get(slot)
  for (let n = 0; tag === undefined; n++) if (slotOf(String(n)) === slot) tag = String(n)
  tags.set(slot, tag)
  return tag
}
