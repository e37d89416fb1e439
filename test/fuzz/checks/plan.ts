/** What a case is, as plain data that fast-check makes and shrinks. */
import fc from 'fast-check'
import { random } from '../random.ts'
import type { Choice } from './base.ts'
import { MUTATIONS } from './mutate/index.ts'
import type { Mutation } from './mutate/mutation.ts'

export interface Step {
  /**
   * `new`: a request of its own. `again`: the one before once more, on a stream of its own or as a retry. `onward`: what
   * Envoy makes of it after its answer, at another entrypoint. `answered`: with the nonce that was asked for. `login`: the
   * same caller asks for the same once more, after a login.
   */
  readonly kind: 'new' | 'again' | 'onward' | 'answered' | 'login'
  readonly choice: Choice
  readonly mutations: readonly Mutation[]
  readonly waitMs: number
}

export interface Plan {
  readonly world: number
  readonly steps: readonly Step[]
}

const number = fc.nat(0x3fff_ffff)

const TEXTS = [
  '',
  ',',
  '\u0000',
  '\r\n',
  ';',
  '/',
  '%',
  '"',
  ' ',
  '=',
  '.',
  'x',
  '\u2028',
  'é',
  '\ud800',
] as const

/** Short texts of awkward characters; a generator of fast-check's for each would cost more than the check. */
function textOf(n: number): string {
  const r = random(n)
  if (r.chance(60)) return r.pick(TEXTS)
  return Array.from({ length: 1 + r.below(6) }, () =>
    String.fromCharCode(r.below(r.chance(90) ? 0x100 : 0x1_0000)),
  ).join('')
}

const text = fc.nat(0xfff_ffff).map(textOf)

const mutation: fc.Arbitrary<Mutation> = fc.record({ name: fc.constantFrom(...MUTATIONS), n: number, text })

/** Often nothing is changed, most often one thing. */
const mutations = fc.oneof(
  { weight: 3, arbitrary: fc.constant<Mutation[]>([]) },
  { weight: 5, arbitrary: fc.array(mutation, { minLength: 1, maxLength: 1 }) },
  { weight: 2, arbitrary: fc.array(mutation, { minLength: 2, maxLength: 4 }) },
)

const choice: fc.Arbitrary<Choice> = fc.record({
  entrypoint: fc.nat(1000),
  action: fc.nat(1000),
  issuer: fc.nat(1000),
  binding: fc.nat(1000),
  who: fc.nat(1000),
  way: fc.nat(1000),
})

const first: fc.Arbitrary<Step> = fc.record({
  kind: fc.constant('new' as const),
  choice,
  mutations,
  waitMs: fc.constant(0),
})

const later: fc.Arbitrary<Step> = fc.record({
  kind: fc.constantFrom('again', 'again', 'onward', 'onward', 'answered', 'login', 'login', 'new'),
  choice,
  mutations,
  waitMs: fc.oneof(fc.nat(2000), fc.nat(12_000), fc.constantFrom(61_000, 301_000)),
})

/** @param worlds how many configurations the cases share */
export const planOf = (worlds: number): fc.Arbitrary<Plan> =>
  fc
    .tuple(
      fc.nat(worlds - 1),
      first,
      fc.oneof(
        { weight: 3, arbitrary: fc.constant<Step[]>([]) },
        { weight: 1, arbitrary: fc.array(later, { minLength: 1, maxLength: 2 }) },
      ),
    )
    .map(([world, step, more]) => ({ world, steps: [step, ...more] }))
