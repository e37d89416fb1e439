import { printable } from '../../lib/printable.ts'
import type { WhatIf } from '../../what-if.ts'
import { passes } from '../records/verdict.ts'
import type { Explanation } from './explanation.ts'
import { listed, utc } from './words.ts'
import { type Contribution, weightOf } from './worry.ts'

/** Longer than any sentence of Vigil with names of usual length in it. */
const MOST = 1000

/** An explanation for a terminal. Every line goes through `printable`: whoever sent the request wrote part of it. */
export function textOf(explanation: Explanation): string {
  const { id, request, why, risk, decided, shadow, degraded, wouldHavePassed } = explanation
  const sections: readonly (readonly [title: string, lines: readonly string[]])[] = [
    [`Decision ${id}`, [headline(explanation), request, `by ${explanation.identity}`, ...names(explanation)]],
    ['Why', why === undefined ? [] : [why]],
    ['Who', [...explanation.who, ...(explanation.altered === undefined ? [] : [explanation.altered])]],
    ['What was seen', explanation.observed],
    ['How worried Vigil was', risk === undefined ? [] : worried(risk)],
    ['What decided', [decided.sentence, `Reasons: ${explanation.reasons.join(', ')}.`]],
    [
      'Rules on trial (shadow)',
      shadow.map(({ rule, effect, sentence }) => `${rule} (${effect}): ${sentence}`),
    ],
    ['Decided without', degraded.map(({ input, sentence }) => `${input}: ${sentence}`)],
    ['What would have made it pass', wouldHavePassed],
    [
      'Decided again with this configuration',
      explanation.again === undefined ? [] : againLines(explanation.again),
    ],
  ]
  return sections
    .filter(([, lines]) => lines.length > 0)
    .map(([title, lines]) =>
      [printable(title), ...lines.map((line) => `  ${printable(line, MOST)}`)].join('\n'),
    )
    .join('\n\n')
}

function headline({ isPassed, isObserved, effect, status, at }: Explanation): string {
  const time = utc(Date.parse(at))
  if (isObserved)
    return `Passed only because of observe mode; enforced: ${effect}, answered ${status}, ${time}`
  return isPassed ? `Passed (${effect}), ${time}` : `Refused: ${effect}, answered ${status}, ${time}`
}

function againLines(again: WhatIf | null): readonly string[] {
  if (again === null) return ['The record does not hold enough for that.']
  const { isSameConfiguration, asItWas, rule, ways } = again
  const isPassed = passes(asItWas.effect)
  return [
    isSameConfiguration
      ? 'It is the configuration that decided.'
      : 'It is not the configuration that decided.',
    ...(rule === undefined ? [] : [`The rule ${rule.name}: ${rule.when}`]),
    `As it was: ${asItWas.effect} (${asItWas.by}).`,
    ...ways.map(({ changes, effect, by }) => `It would have passed ${listed(changes)}: ${effect} (${by}).`),
    ...(isPassed || ways.length > 0 ? [] : ['Nothing of what was tried lets it pass.']),
  ]
}

const names = ({ requestId, trace }: Explanation): readonly string[] => [
  ...(requestId === undefined ? [] : [`request id ${requestId}`]),
  ...(trace === undefined ? [] : [`trace ${trace}`]),
]

function worried({ level, score, contributions }: NonNullable<Explanation['risk']>): readonly string[] {
  const total = `Risk ${level}, score ${Number(score.toPrecision(3))} of 1.`
  if (contributions.length === 0) return [total, 'No signal had anything to say.']
  return [total, ...contributions.map(contribution)]
}

function contribution({ reason, nats, sentence, detail }: Contribution): string {
  const told = Object.entries(detail).map(([name, value]) => `${name} ${value}`)
  const details = told.length === 0 ? '' : ` (${told.join(', ')})`
  return `${nats < 0 ? '−' : '+'}${Math.abs(nats).toFixed(1)} nats: ${sentence}${details} ${reason}; ${weightOf(nats)}.`
}
