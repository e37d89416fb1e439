/** A store that holds what one case has written, and fails or lies when it is told to. */
import { type Store, type StoreCommand, StoreUnavailable } from '../../../src/store/store.ts'
import type { StoreState } from './draft.ts'

export interface FuzzStore extends Store {
  /** Nothing is left of the case before. */
  clear(): void
  behave(state: StoreState, salt: number): void
}

const GARBAGE = [
  '',
  '\u0000',
  'x',
  '{}',
  '9'.repeat(600),
  '-1 -1',
  'NaN NaN',
  '1e400',
  '\ud800',
  'null',
] as const

export function createFuzzStore(): FuzzStore {
  const values = new Map<string, string>()
  let state: StoreState = 'good'
  let salt = 0
  const run = (command: StoreCommand): string | null => {
    const { op, key } = command
    const held = values.get(key)
    if (op === 'get') return held ?? null
    if (op === 'claim') {
      if (held === undefined) values.set(key, command.value)
      return held ?? null
    }
    const at = `${key} ${command.window}`
    const count = Number(values.get(at) ?? 0) + (command.adds ? 1 : 0)
    values.set(at, String(count))
    return `${count} ${values.get(`${key} ${command.window - 1}`) ?? 0}`
  }
  /** What is read of an identity: flipped, cut, or something else altogether. */
  const garble = (reply: string | null): string => {
    if (reply === null || salt % 2 === 0) return GARBAGE[salt % GARBAGE.length] ?? ''
    const i = salt % Math.max(1, reply.length)
    return reply.slice(0, i) + String.fromCharCode(33 + (salt % 90)) + reply.slice(i + 1)
  }
  const answer = (command: StoreCommand): string | null => {
    const reply = run(command)
    if (state === 'garbled' && command.op !== 'claim') return garble(reply)
    if (state === 'stuffed' && command.op === 'claim') return GARBAGE[salt % GARBAGE.length] ?? ''
    return reply
  }
  return {
    kind: 'memory',
    standing: { degraded: [] },
    async read(commands) {
      if (state === 'down') throw new StoreUnavailable('unreachable')
      const replies = commands.map(answer)
      // Fewer replies than were asked for: no driver does it, and nothing may follow from it.
      return state === 'odd' ? replies.slice(0, -1) : replies
    },
    async update(key, _ttlMs, merge) {
      if (state === 'down') throw new StoreUnavailable('unreachable')
      values.set(key, merge(values.get(key) ?? null))
    },
    health: async () => ({ isReachable: state !== 'down', degraded: [] }),
    close: async () => undefined,
    clear: () => {
      values.clear()
      state = 'good'
    },
    behave: (next, by) => {
      state = next
      salt = by
    },
  }
}
