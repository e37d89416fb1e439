import { describe, expect, test } from '@jest/globals'
import { z } from 'zod'
import { riskSettings } from '../../src/config/schema/decision.ts'
import { compileRisk, signalsSettings } from '../../src/risk/compile.ts'
import { defineSignal } from '../../src/risk/signal.ts'

const seen: unknown[] = []
const make = (id: string) =>
  defineSignal({
    id,
    summary: 'A test.',
    reasons: { worry: 'It worries.' },
    cap: 5,
    settings: z.strictObject({ weight: z.number().min(0).default(2).describe('Weight.') }),
    evaluate: (_, settings) => {
      seen.push(settings)
      return [{ reason: 'worry', nats: settings.weight }]
    },
  })
const signals = [make('new-device'), make('token-age')]

const compile = (written: Record<string, unknown>) =>
  compileRisk(riskSettings.parse({ signals: written }), signals)

describe('what is switched on', () => {
  const table: [string, Record<string, unknown>, string[]][] = [
    ['all by default', {}, ['new-device', 'token-age']],
    ['a section without content', { 'token-age': {} }, ['new-device', 'token-age']],
    ['all but the disabled one', { 'token-age': { enabled: false } }, ['new-device']],
    ['a disabled one keeps its settings', { 'token-age': { enabled: false, weight: 1 } }, ['new-device']],
  ]
  test.each(table)('%s', (_, written, ids) => {
    const compiled = compile(written)
    expect(compiled.ok ? compiled.value.signals.map((s) => s.id) : compiled.problems).toEqual(ids)
  })

  test('a signal gets its settings with defaults', () => {
    const compiled = compile({ 'new-device': { weight: 3 } })
    if (!compiled.ok) throw new Error('unexpected')
    seen.length = 0
    for (const signal of compiled.value.signals) signal.evaluate({} as never)
    expect(seen).toEqual([
      { weight: 3, enabled: true },
      { weight: 2, enabled: true },
    ])
  })
})

describe('what is refused at load', () => {
  const at = (...path: string[]) => ['risk', 'signals', ...path]
  const table: [string, Record<string, unknown>, string[], RegExp][] = [
    ['an unknown signal', { 'new-devise': {} }, at('new-devise'), /did you mean "new-device"/],
    [
      'an unknown setting',
      { 'token-age': { wieght: 1 } },
      at('token-age', 'wieght'),
      /did you mean "weight"/,
    ],
    ['a setting near `enabled`', { 'token-age': { enable: true } }, at('token-age', 'enable'), /"enabled"/],
    ['a setting out of bounds', { 'token-age': { weight: -1 } }, at('token-age', 'weight'), /./],
    ['a wrong type', { 'token-age': { enabled: 'no' } }, at('token-age', 'enabled'), /boolean/],
    ['a section that is no object', { 'token-age': true }, at('token-age'), /object/],
    [
      'a disabled one with a bad setting',
      { 'token-age': { enabled: false, x: 1 } },
      at('token-age', 'x'),
      /"x"/,
    ],
  ]
  test.each(table)('%s', (what, written, path, message) => {
    const compiled = compile(written)
    // What is wrong with a name is told at the name, what is wrong with a value at the value.
    const isValue = /bounds|wrong type|no object/.test(what)
    expect(compiled.ok ? [] : compiled.problems).toEqual([
      { path, message: expect.stringMatching(message), ...(isValue ? {} : { isAboutKey: true }) },
    ])
  })

  test('without any signal there is none to name', () => {
    expect(compileRisk(riskSettings.parse({ signals: { a: {} } }), [])).toEqual({
      ok: false,
      problems: [{ path: at('a'), message: 'no signal "a"; none is declared', isAboutKey: true }],
    })
  })

  test('null is refused, not read as absent', () => {
    expect(compile({ 'token-age': null })).toMatchObject({ ok: false })
  })
})

test('one schema of all signals, for the generated reference', () => {
  expect(signalsSettings(signals).parse({})).toEqual({
    'new-device': { weight: 2, enabled: true },
    'token-age': { weight: 2, enabled: true },
  })
  expect(z.toJSONSchema(signalsSettings(signals), { io: 'input' })).toMatchObject({
    properties: { 'token-age': { properties: { enabled: { default: true } }, additionalProperties: false } },
  })
})
