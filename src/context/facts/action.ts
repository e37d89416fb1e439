import type { Action, Check } from '../../model.ts'
import type { Catalogue } from '../catalogue.ts'

/** The named operation that this request stands for; `unknown` where the catalogue has none. */
export function actionOf(check: Check, catalogue: Catalogue): Action {
  return catalogue.resolve(check)
}
