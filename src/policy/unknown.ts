import {
  type CelInput,
  type CelMap,
  type CelResult,
  type CelValue,
  celError,
  celList,
  celMap,
  isCelError,
} from '@bufbuild/cel'
import type { Dictionary, Entry, Group, Input, Variable } from './variable.ts'

/**
 * Values as the engine reads them. A missing member answers with one recognisable error, so that a condition that
 * read something missing can be told from one that went wrong.
 */

/** The engine keeps only the message of an error when it merges several, so the message carries the mark. */
const MARK = '\u0000missing'
const MISSING = celError(MARK)

/** True when nothing but missing members kept the engine from an answer. */
export function isMissing(result: unknown): boolean {
  if (!isCelError(result) || result.message !== MARK) return false
  const others: unknown = result.cause
  return !Array.isArray(others) || others.every(isMissing)
}

interface Members {
  /** undefined: missing. */
  get(name: string): CelValue | undefined
  keys(): readonly string[]
}

/** A map as CEL sees it, filled on demand; `get` of a missing member is the error, `has` is false. */
class View {
  readonly members: Members
  constructor(members: Members) {
    this.members = members
  }
  get size(): number {
    return this.members.keys().length
  }
  get(key: unknown): CelResult {
    const value = typeof key === 'string' ? this.members.get(key) : undefined
    return value === undefined ? MISSING : value
  }
  has(key: unknown): boolean {
    return typeof key === 'string' && this.members.get(key) !== undefined
  }
  keys(): IterableIterator<string> {
    return this.members.keys()[Symbol.iterator]()
  }
  *entries(): Generator<[string, CelResult]> {
    for (const key of this.members.keys()) yield [key, this.get(key)]
  }
  *values(): Generator<CelResult> {
    for (const key of this.members.keys()) yield this.get(key)
  }
  forEach(callback: (value: CelResult, key: string) => void): void {
    for (const [key, value] of this.entries()) callback(value, key)
  }
  [Symbol.iterator](): Generator<[string, CelResult]> {
    return this.entries()
  }
}
// The engine knows its maps by a private mark; inheriting from one of them is the public way to carry it.
Object.setPrototypeOf(View.prototype, celMap(new Map()))

/** The interface of the engine's map names a mark that only its own classes can declare, hence the cast. */
const view = (members: Members): CelMap => new View(members) as unknown as CelMap

const toCel = (value: CelInput): CelValue | undefined => celList([value]).get(0)

/** A claim (any JSON value) for the engine; a missing member inside it is as unknown as a missing claim. */
export function jsonValue(value: unknown): CelValue | undefined {
  if (value === undefined) return undefined
  if (Array.isArray(value)) return celList(value.map((element) => jsonValue(element) ?? null))
  if (typeof value !== 'object' || value === null) return value as CelValue
  const record = value as Readonly<Record<string, unknown>>
  return view({
    get: (name) => (Object.hasOwn(record, name) ? jsonValue(record[name]) : undefined),
    keys: () => Object.keys(record),
  })
}

function timestamp(ms: number): CelInput {
  const whole = Math.floor(ms / 1000)
  const nanos = Math.round((ms - whole * 1000) * 1e6)
  return { $typeName: 'google.protobuf.Timestamp', seconds: BigInt(whole), nanos } as CelInput
}

function scalar(entry: Variable, input: Input): CelInput | undefined {
  const value = entry.read(input)
  if (value === undefined) return undefined
  if (entry.kind === 'timestamp') return timestamp(Number(value))
  if (entry.kind === 'int') return BigInt(Math.trunc(Number(value)))
  return value
}

function dictionary(entry: Dictionary, input: Input): CelMap {
  return view({ get: (name) => jsonValue(entry.member(input, name)), keys: () => entry.keys(input) })
}

function groupView(entry: Group, input: Input): CelMap {
  return view({
    get: (name) => {
      const member = Object.hasOwn(entry.members, name) ? entry.members[name] : undefined
      return member === undefined ? undefined : celValueOf(member, input)
    },
    keys: () => Object.keys(entry.members),
  })
}

/** What the engine takes; it turns lists and timestamps into its own values when it reads them. */
function inputOf(entry: Entry, input: Input): CelInput | undefined {
  if (entry.kind === 'group') return groupView(entry, input)
  return entry.kind === 'map' ? dictionary(entry, input) : scalar(entry, input)
}

function celValueOf(entry: Entry, input: Input): CelValue | undefined {
  const value = inputOf(entry, input)
  return value === undefined ? undefined : toCel(value)
}

/** The top-level variables of one check; members are read when a condition asks for them. */
export function bindingsOf(
  variables: Readonly<Record<string, Entry>>,
  input: Input,
): Record<string, CelInput> {
  const bindings: Record<string, CelInput> = Object.create(null)
  for (const [name, entry] of Object.entries(variables)) {
    const value = inputOf(entry, input)
    if (value !== undefined) bindings[name] = value
  }
  return bindings
}
