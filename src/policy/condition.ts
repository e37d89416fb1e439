import { checkFields } from './check-fields.ts'
import type { Test } from './engine.ts'
import { testOf } from './logic.ts'
import { type Expr, parseCondition } from './syntax.ts'
import type { Vocabulary } from './variable.ts'
import type { ConditionProblem } from './walk.ts'

export type CompiledCondition =
  | { readonly ok: true; readonly test: Test; readonly expr?: Expr }
  | { readonly ok: false; readonly problems: readonly ConditionProblem[] }

/** Parses, checks and plans one condition. `expr` is absent for the constants `true` and `false` of YAML. */
export function compileCondition(when: string | boolean, vocabulary: Vocabulary): CompiledCondition {
  if (typeof when === 'boolean') return { ok: true, test: () => when }
  const parsed = parseCondition(when)
  if (!parsed.ok) {
    const { ok, ...problem } = parsed
    return { ok, problems: [{ ...problem, message: `the condition ${problem.message}` }] }
  }
  try {
    const problems = checkFields(parsed.tree, when, vocabulary)
    if (problems.length > 0) return { ok: false, problems }
    return { ok: true, test: testOf(parsed.tree.expr), expr: parsed.tree.expr }
  } catch (error) {
    // What the engine cannot plan it throws (and what nests too deeply overflows): both are the condition's fault.
    return refuse(0, `cannot be planned: ${error instanceof Error ? error.message : String(error)}`)
  }
}

const refuse = (offset: number, message: string): CompiledCondition => ({
  ok: false,
  problems: [{ offset, message: `the condition ${message}` }],
})
