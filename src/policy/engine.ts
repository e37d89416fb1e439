import {
  type CelInput,
  type CelResult,
  type CelValue,
  celEnv,
  celType,
  isCelError,
  isCelList,
  isCelMap,
  plan,
} from '@bufbuild/cel'
import type { Expr } from './syntax.ts'
import { bindingsOf, isMissing } from './unknown.ts'
import type { Input } from './variable.ts'
import { VARIABLES } from './variables.ts'

/** The CEL engine behind conditions: the profile is the core language without optional types and without extensions. */

/** `unknown`: it read something that is missing. `error`: it went wrong, or was not a yes or no. */
export type Verdict = boolean | 'unknown' | 'error'

/** One check's variables; the engine's view of them is built when the first condition needs the engine. */
export class Scope {
  readonly input: Input
  #bindings: Record<string, CelInput> | undefined
  constructor(input: Input, bindings?: Record<string, CelInput>) {
    this.input = input
    this.#bindings = bindings
  }
  get bindings(): Record<string, CelInput> {
    this.#bindings ??= bindingsOf(VARIABLES, this.input)
    return this.#bindings
  }
  /** The same variables and one more, for the body of a macro. */
  with(name: string, value: CelInput): Scope {
    return new Scope(this.input, Object.assign(Object.create(null), this.bindings, { [name]: value }))
  }
}

export type Test = (scope: Scope) => Verdict

const ENVIRONMENT = celEnv()

/** Evaluates an expression in the engine. `map`, `filter` and `exists_one` remember only the last of several errors. */
export function engineTest(expr: Expr): Test {
  const evaluate = plan(ENVIRONMENT, expr)
  return (scope) => {
    const result = evaluate(scope.bindings)
    if (typeof result === 'boolean') return result
    return isMissing(result) ? 'unknown' : 'error'
  }
}

/** Evaluates what a macro goes over: the elements of a list or the keys of a map. */
export function engineRange(expr: Expr): (scope: Scope) => readonly CelInput[] | 'unknown' | 'error' {
  const evaluate = plan(ENVIRONMENT, expr)
  return (scope) => {
    const result = evaluate(scope.bindings)
    const items = itemsOf(result)
    if (items !== undefined) return items
    return isMissing(result) ? 'unknown' : 'error'
  }
}

/** What a macro goes over: the elements of a list, the keys of a map; undefined: neither. */
export function itemsOf(value: unknown): readonly CelInput[] | undefined {
  if (isCelList(value)) return [...value]
  return isCelMap(value) ? [...value.keys()] : undefined
}

/** `message` is the engine's own and may quote what was sent: it is for telling errors apart, not for records. */
export type Evaluated =
  | { readonly is: 'value'; readonly value: CelValue }
  | { readonly is: 'unknown' }
  | { readonly is: 'error'; readonly message: string }

const plans = new WeakMap<Expr, (bindings?: Record<string, CelInput>) => CelResult>()

/**
 * What any part of a condition gives by itself. A part is planned once: whoever makes a rule fail again and again must
 * not make it costly.
 * @param scope absent: an expression without variables
 */
export function evaluate(expr: Expr, scope?: Scope): Evaluated {
  const planned = plans.get(expr) ?? plan(ENVIRONMENT, expr)
  plans.set(expr, planned)
  const result = planned(scope?.bindings)
  if (!isCelError(result)) return { is: 'value', value: result }
  return isMissing(result) ? { is: 'unknown' } : { is: 'error', message: result.message }
}

/** The message with which an expression without variables fails, or undefined. */
export function failureOf(expr: Expr): string | undefined {
  const result = evaluate(expr)
  return result.is === 'error' ? result.message : undefined
}

/** `string`, `list`, `google.protobuf.Timestamp`, … */
export const typeNameOf = (value: CelValue): string => celType(value).name

/** Functions and operators by name, and whether a call can give a yes or no at all. */
export const FUNCTIONS: ReadonlyMap<string, { readonly mayBeBoolean: boolean }> = readFunctions()

function readFunctions(): Map<string, { mayBeBoolean: boolean }> {
  const found = new Map<string, { mayBeBoolean: boolean }>()
  for (const { name, result } of ENVIRONMENT.funcs) {
    const isBoolean = result.name === 'bool' || result.name === 'dyn'
    found.set(name, { mayBeBoolean: isBoolean || (found.get(name)?.mayBeBoolean ?? false) })
  }
  // These the engine plans by itself.
  for (const name of ['_&&_', '_||_', '_?_:_', '_[_]', '@not_strictly_false']) {
    found.set(name, { mayBeBoolean: true })
  }
  return found
}
