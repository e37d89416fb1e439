import { type Expr, offsetOf, type Tree } from './syntax.ts'
import type { Entry, Vocabulary } from './variable.ts'

/** What the load-time checks of one condition share. */

export interface ConditionProblem {
  readonly offset: number
  readonly message: string
  /** The condition seems to end too early. */
  readonly isUnfinished?: boolean
}

/** What is known of an expression before it runs. */
export interface Typed {
  readonly entry: Entry
  /** As it stands in the condition, for messages. */
  readonly name: string
}

export interface Walk {
  readonly tree: Tree
  readonly text: string
  readonly vocabulary: Vocabulary
  readonly problems: ConditionProblem[]
}

/** Notes a problem at the word that an expression stands for. */
export function report(walk: Walk, expr: Expr, message: string): void {
  walk.problems.push({ offset: offsetOf(expr, walk.tree, walk.text), message })
}
