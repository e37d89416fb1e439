import type { Act } from '../scene.ts'
import { behaviourAct } from './behaviour.ts'
import { bindingAct } from './binding.ts'
import { failureAct } from './failure.ts'
import { identityAct } from './identity.ts'
import { observingAct } from './observing.ts'
import { policyAct } from './policy.ts'

/** In this order: later acts use what earlier ones have left, and the last one ends Vigil. */
export const STORY: readonly Act[] = [
  identityAct,
  bindingAct,
  behaviourAct,
  observingAct,
  policyAct,
  failureAct,
]
