import type { Fault } from '../promise.ts'
import { clockFaults } from './clock.ts'
import { configurationFaults } from './configuration.ts'
import { failoverFaults } from './failover.ts'
import { issuerFaults } from './issuer.ts'
import { nothing } from './nothing.ts'
import { crowdFaults, overloaded } from './overload.ts'
import { redisFaults } from './redis.ts'
import { vigilFaults } from './vigil.ts'

/** Every fault, in the order of the table. */
export const FAULTS: readonly Fault[] = [
  nothing,
  ...redisFaults,
  // Those with a store of their own stand together, and before one that starts both Vigils anew in any case.
  overloaded,
  ...failoverFaults,
  ...issuerFaults,
  ...vigilFaults,
  ...configurationFaults,
  ...clockFaults,
  ...crowdFaults,
]
