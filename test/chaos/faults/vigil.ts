/** One of the two Vigils ends, dies or hangs. */
import type { AnswerKind } from '../kinds.ts'
import { type Expected, type Fault, type Promised, WHOLE } from '../promise.ts'

/** While Envoy has not seen it yet, some checks go to the one that is gone: those it answers with its own 503. */
const orEnvoy = (...more: AnswerKind[]): Expected => ({ may: ['passed', 'envoy', ...more] })
const SOME_LOST = {
  low: orEnvoy(),
  high: orEnvoy(),
  lowBound: orEnvoy('nonce'),
  highBound: orEnvoy('nonce'),
  bad: { may: ['refused', 'nonce', 'envoy'] },
} as const

const sigterm: Fault = {
  name: 'vigil-sigterm',
  title: 'One Vigil is told to end (SIGTERM), and starts again',
  promise: { ...WHOLE, says: 'not one request fails', isExact: true },
  start: async ({ vigils: [vigil] }) => {
    vigil.running().kill('SIGTERM')
    await vigil.running().ended
  },
  stop: (world) => world.vigils[0].start(world.fixed()),
}

const refusedOrLost = (says: string): Promised => ({ ...SOME_LOST, says })

const sigkill: Fault = {
  name: 'vigil-sigkill',
  title: 'One Vigil is killed (SIGKILL), and starts again',
  promise: refusedOrLost(
    'the other decides; until Envoy knows, a check without an answer is Envoy’s 503, never a pass',
  ),
  start: ({ vigils: [vigil] }) => vigil.running().kill('SIGKILL'),
  stop: (world) => world.vigils[0].start(world.fixed()),
}

const sigstop: Fault = {
  name: 'vigil-sigstop',
  title: 'One Vigil hangs (SIGSTOP)',
  promise: refusedOrLost(
    'the other decides; until Envoy knows, a check without an answer is Envoy’s 503, never a pass',
  ),
  start: ({ vigils: [vigil] }) => vigil.running().kill('SIGSTOP'),
  stop: ({ vigils: [vigil] }) => vigil.running().kill('SIGCONT'),
}

const bothKilled: Fault = {
  name: 'both-vigils-killed',
  isFullOnly: 'vigil-sigkill is the same for one',
  title: 'Both Vigils are killed (SIGKILL), and start again',
  promise: {
    low: { may: ['passed', 'envoy'], must: ['envoy'] },
    high: { may: ['passed', 'envoy'], must: ['envoy'] },
    lowBound: { may: ['passed', 'envoy'], must: ['envoy'] },
    highBound: { may: ['passed', 'envoy'], must: ['envoy'] },
    bad: { may: ['refused', 'envoy'] },
    says: 'no answer is no permission: Envoy’s 503',
  },
  start: ({ vigils }) => {
    for (const vigil of vigils) vigil.running().kill('SIGKILL')
  },
  stop: (world) => world.restart(),
}

export const vigilFaults: readonly Fault[] = [sigterm, sigkill, sigstop, bothKilled]
