import { engineTest, type Test, type Verdict } from './engine.ts'
import { type Read, readerOf, readerOfPath } from './resolve.ts'
import {
  type Call,
  callOf,
  type Expr,
  type Literal,
  literalOf,
  literalsOf,
  pathOf,
  selectOf,
} from './syntax.ts'
import type { Input } from './variable.ts'

/**
 * Short cuts for the comparisons that most rules consist of: a variable against a literal, a list or another variable.
 * Each covers only plain values for which JavaScript and CEL agree; anything else is handed to the engine, so the
 * engine's semantics always hold (a property test compares the two).
 */

/** undefined: not plain enough, ask the engine. */
type Attempt = (input: Input) => Verdict | undefined
type Plain = string | number | boolean

const isPlain = (value: unknown): value is Plain =>
  typeof value === 'string' || typeof value === 'boolean' || typeof value === 'number'

/** A literal as a JavaScript value; integers beyond 2^53 stay with the engine. */
function plain(literal: Literal | undefined): Plain | undefined {
  if (typeof literal !== 'bigint') return literal
  const value = Number(literal)
  return Number.isSafeInteger(value) ? value : undefined
}

/** Reads a value that is not a timestamp: those are numbers only inside this service. */
function reader(expr: Expr | undefined): Read | undefined {
  const found = expr && readerOf(expr)
  return found?.variable?.kind === 'timestamp' ? undefined : found?.read
}

/** A test of one comparison, presence or plain boolean, or undefined when the engine has to do it. */
export function directTest(expr: Expr): Test | undefined {
  const attempt = presence(expr) ?? truth(expr) ?? comparison(callOf(expr))
  if (attempt === undefined) return undefined
  const engine = engineTest(expr)
  return (scope) => attempt(scope.input) ?? engine(scope)
}

function presence(expr: Expr): Attempt | undefined {
  const select = selectOf(expr)
  if (!select?.testOnly || select.operand === undefined) return undefined
  const before = pathOf(select.operand)
  const found = before && readerOfPath([...before, { name: select.field, expr }])
  return found && ((input) => found.read(input) !== undefined)
}

function truth(expr: Expr): Attempt | undefined {
  const read = reader(expr)
  return (
    read && ((input) => onPlain(read(input), (value) => (typeof value === 'boolean' ? value : undefined)))
  )
}

function comparison(call: Call | undefined): Attempt | undefined {
  switch (call?.function) {
    case '_==_':
      return equality(call.args, (isEqual) => isEqual)
    case '_!=_':
      return equality(call.args, (isEqual) => !isEqual)
    case '_<_':
      return order(call.args, (a, b) => a < b)
    case '_<=_':
      return order(call.args, (a, b) => a <= b)
    case '_>_':
      return order(call.args, (a, b) => a > b)
    case '_>=_':
      return order(call.args, (a, b) => a >= b)
    case '@in':
      return membership(call.args)
    default:
      return call && affix(call)
  }
}

/** Missing is unknown, a plain value is asked, the rest goes to the engine. */
function onPlain(value: unknown, ask: (value: Plain) => Verdict | undefined): Verdict | undefined {
  if (value === undefined) return 'unknown'
  return isPlain(value) ? ask(value) : undefined
}

function equality(
  [left, right]: readonly Expr[],
  conclude: (isEqual: boolean) => boolean,
): Attempt | undefined {
  const a = reader(left) ?? reader(right)
  if (a === undefined) return undefined
  const literal = plain(literalOf(left) ?? literalOf(right))
  if (literal !== undefined) return (input) => onPlain(a(input), (value) => conclude(value === literal))
  const b = reader(right)
  if (b === undefined || reader(left) === undefined) return undefined
  return (input) => onPlain(a(input), (value) => onPlain(b(input), (other) => conclude(value === other)))
}

function order(
  [left, right]: readonly Expr[],
  compare: (a: number, b: number) => boolean,
): Attempt | undefined {
  const read = reader(left)
  const bound = plain(literalOf(right))
  if (read === undefined || typeof bound !== 'number') return undefined
  return (input) =>
    onPlain(read(input), (value) => (typeof value === 'number' ? compare(value, bound) : undefined))
}

function membership([left, right]: readonly Expr[]): Attempt | undefined {
  const item = reader(left)
  const literals = literalsOf(right)?.map(({ value }) => plain(value))
  if (item !== undefined && literals !== undefined) {
    if (literals.includes(undefined)) return undefined
    return (input) => onPlain(item(input), (value) => literals.some((literal) => literal === value))
  }
  const members = reader(right)
  const literal = plain(literalOf(left))
  if (members === undefined || (literal === undefined && item === undefined)) return undefined
  return (input) => contains(literal ?? item?.(input), members(input))
}

function contains(item: unknown, members: unknown): Verdict | undefined {
  if (item === undefined || members === undefined) return 'unknown'
  if (!isPlain(item) || !Array.isArray(members)) return undefined
  return members.some((member) => member === item)
}

const AFFIXES: Readonly<Record<string, (text: string, part: string) => boolean>> = {
  startsWith: (text, part) => text.startsWith(part),
  endsWith: (text, part) => text.endsWith(part),
  contains: (text, part) => text.includes(part),
}

function affix(call: Call): Attempt | undefined {
  const test = Object.hasOwn(AFFIXES, call.function) ? AFFIXES[call.function] : undefined
  const read = reader(call.target)
  const part = literalOf(call.args[0])
  if (test === undefined || read === undefined || typeof part !== 'string' || call.args.length !== 1)
    return undefined
  return (input) =>
    onPlain(read(input), (value) => (typeof value === 'string' ? test(value, part) : undefined))
}
