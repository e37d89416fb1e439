import { expect, test } from '@jest/globals'
import { observe } from '../../src/telemetry/observe.ts'
import { fakeMeter } from '../store/fakes.ts'
import { ALLOW, sampleOutcome } from '../support/edge-samples.ts'

test('shadow rules are counted where they would have decided', () => {
  const meter = fakeMeter()
  const shadow = [
    { rule: 'first', effect: 'deny', outcome: 'match', wouldDecide: true },
    { rule: 'late', effect: 'deny', outcome: 'match', wouldDecide: false },
  ] as const
  observe(sampleOutcome({ decision: { ...ALLOW, shadow } }), 1, meter)
  const counted = Object.entries(meter.counts).filter(([name]) => name.startsWith('vigil_shadow_total'))
  expect(counted).toEqual([['vigil_shadow_total{rule=first,effect=deny,outcome=match}', 1]])
})
