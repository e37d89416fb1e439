import type { Fault } from '../promise.ts'
import { clockFaults } from './clock.ts'
import { configurationFaults } from './configuration.ts'
import { issuerFaults } from './issuer.ts'
import { nothing } from './nothing.ts'
import { overloadFaults } from './overload.ts'
import { redisFaults } from './redis.ts'
import { vigilFaults } from './vigil.ts'

/** Every fault, in the order of the table. */
export const FAULTS: readonly Fault[] = [
  nothing,
  ...redisFaults,
  ...issuerFaults,
  ...vigilFaults,
  ...configurationFaults,
  ...clockFaults,
  ...overloadFaults,
]
