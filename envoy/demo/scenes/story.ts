import type { Act } from '../scene.ts'
import { agentsAct } from './agents.ts'
import { behaviourAct } from './behaviour.ts'
import { bindingAct } from './binding.ts'
import { callersAct } from './callers.ts'
import { failureAct } from './failure.ts'
import { identityAct } from './identity.ts'
import { networkAct } from './network.ts'
import { observingAct } from './observing.ts'
import { policyAct } from './policy.ts'
import { postureAct } from './posture.ts'
import { reportAct } from './report.ts'

/** In this order: later acts use what earlier ones have left, and Vigil ends before the last. */
export const STORY: readonly Act[] = [
  identityAct,
  bindingAct,
  behaviourAct,
  networkAct,
  postureAct,
  agentsAct,
  callersAct,
  observingAct,
  policyAct,
  failureAct,
  reportAct,
]
