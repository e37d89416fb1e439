import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import type { z } from 'zod'
import { riskSettings } from '../../src/config/schema/decision.ts'
import type {
  Binding,
  ClientFact,
  Credential,
  Facts,
  NetworkFact,
  Past,
  Posture,
  Profile,
  Subject,
} from '../../src/model.ts'
import { assess } from '../../src/risk/assess.ts'
import { compileRisk, signalSettings } from '../../src/risk/compile.ts'
import { describeSignals } from '../../src/risk/describe.ts'
import { discoverSignals } from '../../src/risk/discover.ts'
import type { SignalInput } from '../../src/risk/signal.ts'
import { AT_MS, checkOf, credentialOf, factsOf, identified, pastOf, profileOf } from '../support/check-of.ts'

const ROOT = join(import.meta.dirname, '../..')
const SIGNALS = join(ROOT, 'src/risk/signals')
const signals = await discoverSignals()
const pages = new Map(signals.map((s) => [s.id, readPage(s.id)]))

function readPage(id: string): string {
  const file = join(SIGNALS, `${id}.md`)
  return existsSync(file) ? readFileSync(file, 'utf8') : ''
}

/** The cells of the table in a section, without head. */
function tableOf(page: string, section: string): string[][] {
  const text = page.split(/^## /m).find((part) => part.startsWith(`${section}\n`)) ?? ''
  const rows = text.split('\n').filter((line) => line.startsWith('| '))
  return rows.slice(1).map((row) => row.slice(2, -2).split(' | '))
}

const code = (value: unknown) => `\`${value}\``
const configOf = (written?: object) => {
  const compiled = compileRisk(riskSettings.parse(written), signals)
  if (!compiled.ok) throw new Error(JSON.stringify(compiled.problems))
  return compiled.value
}
const config = configOf()

// Values of every kind and none: what is missing must be missing, what is there may be odd.
const number = fc.oneof(
  fc.double(),
  fc.nat(1000),
  fc.constantFrom(0, -1, Number.NaN, Number.POSITIVE_INFINITY, Number.MAX_VALUE, AT_MS, AT_MS / 1000),
)
const word = fc.constantFrom('', 'd1', 'd2', '__proto__')
const maybe = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined })
const values = fc.array(fc.record({ value: word, count: number, firstSeenMs: number, lastSeenMs: number }))
const feature = fc.constantFrom('device', 'network', 'country', 'client', 'tls', 'binding', 'x')
const hours = fc.oneof(
  fc.string({ unit: fc.constantFrom('A', 'B', '_'), minLength: 48, maxLength: 48 }),
  fc.constantFrom('', '?'.repeat(48)),
)
const profile: fc.Arbitrary<Profile> = fc
  .record({
    seen: number,
    features: fc.dictionary(feature, fc.record({ shown: number, values })),
    rate: fc.record({ shape: number, minutes: number }),
    hours: maybe(fc.record({ counts: hours, lastHour: number })),
  })
  .map(({ hours, ...rest }) => profileOf(hours === undefined ? rest : { ...rest, hours }))
const past: fc.Arbitrary<Past> = fc
  .record(
    {
      profile,
      shown: fc.dictionary(feature, word),
      requestsPerMinute: number,
    },
    { requiredKeys: [] },
  )
  .map(pastOf)
const credential: fc.Arbitrary<Credential> = fc
  .record({ issuedAt: number, device: word, kind: fc.constantFrom('user', 'machine') }, { requiredKeys: [] })
  .map(credentialOf)
const binding: fc.Arbitrary<Partial<Binding>> = fc.constantFrom<Partial<Binding>>(
  { state: 'absent' },
  { state: 'absent', isOptional: true },
  { state: 'verified', methods: ['dpop'] },
)
const subject: fc.Arbitrary<Subject> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.tuple(credential, binding).map(([c, b]): Subject => {
      const subject = identified(c)
      return subject.state === 'identified' ? { ...subject, binding: { ...subject.binding, ...b } } : subject
    }),
  },
  { weight: 1, arbitrary: fc.constant<Subject>({ state: 'anonymous' }) },
  { weight: 1, arbitrary: fc.constant<Subject>({ state: 'refused', failure: 'identity.token.expired' }) },
)
const posture: fc.Arbitrary<Posture> = fc.record({
  state: fc.constantFrom('attested', 'claimed', 'refused', 'unchecked'),
  failure: fc.constantFrom(undefined, 'identity.token.expired'),
  detail: maybe(word),
  issuer: maybe(word),
  claims: fc.constant({ managed: true }),
})
const device: fc.Arbitrary<Facts['device']> = fc.record({
  id: maybe(word),
  isAttested: fc.constant(false),
  posture: maybe(posture),
})
const network: fc.Arbitrary<NetworkFact> = fc.record({
  country: maybe(fc.constantFrom('DE', 'FR')),
  asn: maybe(fc.constantFrom(64500, 64501)),
  class: fc.constantFrom('unknown', 'hosting', 'vpn', 'mobile', 'private'),
  city: fc.constant(undefined),
})
const client: fc.Arbitrary<ClientFact> = fc.record({
  kind: maybe(fc.constantFrom('browser', 'app', 'tool', 'bot', 'headless', 'unknown')),
  browser: maybe(word),
  os: maybe(word),
})
const facts: fc.Arbitrary<Facts> = fc
  .record({
    device,
    network,
    client,
    address: fc.record({ ip: maybe(fc.constant('192.0.2.1')), isUntrusted: fc.boolean() }),
    time: fc.record({ hourOfWeek: fc.oneof(fc.integer({ min: 0, max: 167 }), number) }),
  })
  .map(factsOf)
const input: fc.Arbitrary<SignalInput> = fc.record({
  check: fc.constantFrom(checkOf(), checkOf({ atMs: 0 })),
  subject,
  facts,
  past,
})

const isFile = (...path: string[]) => existsSync(join(ROOT, ...path))

test('the directory holds signals, their pages, and nothing else', () => {
  const expected = signals.flatMap(({ id }) => [`${id}.md`, `${id}.ts`])
  expect(readdirSync(SIGNALS).sort()).toEqual(expected.sort())
})

test('docs/signals.md is what the signals say (npm run docs rewrites it)', () => {
  expect(readFileSync(join(ROOT, 'docs/signals.md'), 'utf8')).toBe(describeSignals(signals))
})

describe.each(signals.map((s) => [s.id, s] as const))('%s', (id, signal) => {
  const page = pages.get(id) ?? ''
  const settings = signal.settings.parse({})

  test('has a test and a page with title, summary and the four sections', () => {
    expect(isFile('test/risk/signals', `${id}.test.ts`)).toBe(true)
    expect(page.split('\n').slice(0, 3)).toEqual([`# ${id}`, '', signal.summary])
    const sections = [...page.matchAll(/^## (.*)$/gm)].map((m) => m[1])
    expect(sections).toEqual(['What it sees', 'Reasons', 'Settings', 'When to turn it off'])
  })

  test('its page names every reason and no other', () => {
    const declared = Object.entries(signal.reasons).map(([reason, sentence]) => [code(reason), sentence])
    expect(tableOf(page, 'Reasons')).toEqual(declared)
  })

  test('its page names every setting with its default and no other', () => {
    const shape: Record<string, z.ZodType> = signalSettings(signal).shape
    const declared = Object.entries(shape).map(([name, schema]) => [
      code(name),
      code(JSON.stringify(schema.parse(undefined))),
      schema.description,
    ])
    expect(tableOf(page, 'Settings')).toEqual(declared)
  })

  test('its settings are a strict object whose members have defaults', () => {
    expect(signal.settings.safeParse({}).success).toBe(true)
    expect(signal.settings.safeParse({ noSuchSetting: 1 }).success).toBe(false)
  })

  test('it is quiet about a check of which nothing is known', () => {
    for (const s of [identified(), { state: 'anonymous' } as const]) {
      expect(
        signal.evaluate({ check: checkOf(), subject: s, facts: factsOf(), past: pastOf() }, settings),
      ).toEqual([])
    }
  })

  test('property: it never throws, is deterministic, keeps to its reasons and its bounds', () => {
    let findings = 0
    fc.assert(
      fc.property(input, (i) => {
        const evidence = signal.evaluate(i, settings)
        expect(signal.evaluate(structuredClone(i), settings)).toEqual(evidence)
        for (const { reason, nats } of evidence) {
          findings++
          expect(Object.keys(signal.reasons)).toContain(reason)
          expect(nats).toBeGreaterThanOrEqual(signal.floor ?? 0)
          expect(nats).toBeLessThanOrEqual(signal.cap)
        }
      }),
      { numRuns: 2000 },
    )
    expect(findings).toBeGreaterThan(0)
  })

  test('it says that it looks back, or never does', () => {
    let looked = false
    const watched = (i: SignalInput): SignalInput => ({
      ...i,
      past: new Proxy(i.past, {
        get: (target, name, receiver) => {
          looked = true
          return Reflect.get(target, name, receiver)
        },
      }),
    })
    fc.assert(fc.property(input, (i) => void signal.evaluate(watched(i), settings)))
    expect(looked).toBe(signal.looksBack ?? false)
  })

  test('it does not change what it looks at', () => {
    fc.assert(
      fc.property(input, (i) => {
        const before = structuredClone(i)
        signal.evaluate(i, settings)
        expect(i).toEqual(before)
      }),
    )
  })
})

describe('all together', () => {
  test('cost: ten thousand assessments of odd input, none fails', () => {
    const inputs = fc.sample(input, 10_000)
    const failed = inputs.flatMap((i) => assess(i.check, i.subject, i.facts, i.past, config).failed)
    expect(failed).toEqual([])
  })

  test('property: what a client claims never lowers the score below that of saying nothing', () => {
    // That a habit is kept up takes away only the worry that it is not: of that, silence would have more.
    const silent = configOf({ signals: { 'withheld-fact': { enabled: false } } })
    fc.assert(
      fc.property(input, (i) => {
        const nothing = { device: factsOf().device, client: factsOf().client }
        const without = { ...i.facts, ...nothing }
        const scored = assess(i.check, i.subject, i.facts, i.past, silent).score
        expect(scored).toBeGreaterThanOrEqual(assess(i.check, i.subject, without, i.past, silent).score)
      }),
      { numRuns: 2000 },
    )
  })
})
