import { describe, expect, test } from '@jest/globals'
import { SpanKind, SpanStatusCode } from '@opentelemetry/api'
import {
  AlwaysOffSampler,
  InMemorySpanExporter,
  ParentBasedSampler,
  SimpleSpanProcessor,
  TracerProvider,
} from '@opentelemetry/sdk-trace'
import { createTracing } from '../../src/telemetry/traces.ts'
import { DECISION_BASE, refusedAnswer, sampleCheck, sampleOutcome } from '../support/edge-samples.ts'

const TRACE = '0af7651916cd43dd8448eb211c80319c'
const CALLER = 'b7ad6b7169203331'
const parentOf = (flags: string) => `00-${TRACE}-${CALLER}-${flags}`

function setUp(perSecond = 100) {
  const exporter = new InMemorySpanExporter()
  const provider = new TracerProvider({
    sampler: new ParentBasedSampler({ root: new AlwaysOffSampler() }),
    spanProcessors: [new SimpleSpanProcessor({ exporter })],
  })
  const clock = { ms: 5000, monotonicMs: () => clock.ms }
  return { tracing: createTracing(provider.getTracer('test'), clock, perSecond), clock, exporter }
}

const msOf = ([seconds, nanos]: readonly [number, number]) => seconds * 1000 + nanos / 1e6

describe('a traced check', () => {
  test('has a span in the trace of whoever called, and one per stage in it, one after the other', () => {
    const { tracing, clock, exporter } = setUp()
    const check = sampleCheck({}, { traceparent: parentOf('01') })
    const timeline = tracing.begin(check)
    for (const [stage, ms] of [
      ['identity', 1],
      ['history', 2.5],
      ['policy', 0.25],
    ] as const) {
      clock.ms += ms
      timeline?.mark(stage)
    }
    tracing.end(sampleOutcome({ check }), 4)
    const spans = exporter.getFinishedSpans()
    const whole = spans.find(({ name }) => name === 'vigil.check')
    const { atMs } = check
    expect(
      spans.map(({ name, startTime, endTime }) => [name, msOf(startTime) - atMs, msOf(endTime) - atMs]),
    ).toEqual([
      ['vigil.identity', 0, 1],
      ['vigil.history', 1, 3.5],
      ['vigil.policy', 3.5, 3.75],
      ['vigil.check', 0, 4],
    ])
    expect(new Set(spans.map((span) => span.spanContext().traceId))).toEqual(new Set([TRACE]))
    expect(whole?.parentSpanContext?.spanId).toBe(CALLER)
    expect(whole?.kind).toBe(SpanKind.SERVER)
    const parents = spans.slice(0, 3).map(({ parentSpanContext }) => parentSpanContext?.spanId)
    expect(parents).toEqual(new Array(3).fill(whole?.spanContext().spanId))
    expect(whole?.attributes).toEqual({
      'vigil.decision': check.id,
      'vigil.effect': 'allow',
      'vigil.reason': 'policy.default.allowed',
      'vigil.action': 'read-orders',
      'vigil.entrypoint': 'gateway',
      'vigil.degraded': false,
    })
    expect(whole?.status.code).toBe(SpanStatusCode.UNSET)
  })

  test('that no stage has finished, and that is Vigil’s own fault, is an error', () => {
    const { tracing, exporter } = setUp()
    const check = sampleCheck({}, { traceparent: parentOf('01') })
    tracing.begin(check)
    const { stages: _stages, ...outcome } = sampleOutcome({
      check,
      decision: {
        ...DECISION_BASE,
        reasons: ['check.deadline.exceeded'],
        effect: 'unavailable',
        failure: 'check.deadline.exceeded',
        retryAfterSeconds: 1,
      },
      answer: refusedAnswer(503),
    })
    tracing.end(outcome, 150)
    expect(exporter.getFinishedSpans()).toMatchObject([
      {
        name: 'vigil.check',
        status: { code: SpanStatusCode.ERROR, message: 'check.deadline.exceeded' },
        attributes: { 'vigil.action': 'none', 'vigil.entrypoint': 'none' },
      },
    ])
  })

  test('is told once', () => {
    const { tracing, exporter } = setUp()
    const check = sampleCheck({}, { traceparent: parentOf('01') })
    tracing.begin(check)
    tracing.end(sampleOutcome({ check }), 1)
    tracing.end(sampleOutcome({ check }), 1)
    expect(exporter.getFinishedSpans()).toHaveLength(1)
  })
})

describe('no trace', () => {
  test.each([
    ['not sampled', { traceparent: parentOf('00') }],
    ['another flag', { traceparent: parentOf('02') }],
    ['no context', {}],
    ['a broken context', { traceparent: 'hello' }],
  ])('%s: nothing is timed and nothing is told', (_, headers) => {
    const { tracing, exporter } = setUp()
    const check = sampleCheck({}, headers)
    expect(tracing.begin(check)).toBeUndefined()
    tracing.end(sampleOutcome({ check }), 1)
    expect(exporter.getFinishedSpans()).toEqual([])
  })
})

describe('whoever asks for a trace of each request', () => {
  const sampled = () => sampleCheck({}, { traceparent: parentOf('01') })
  const begun = ({ tracing }: ReturnType<typeof setUp>, times: number) =>
    Array.from({ length: times }, () => tracing.begin(sampled())).filter((timeline) => timeline !== undefined)

  test('gets no more than the settings allow in a second', () => {
    const made = setUp(3)
    expect(begun(made, 10)).toHaveLength(3)
    made.clock.ms += 999
    expect(begun(made, 10)).toHaveLength(0)
    made.clock.ms += 1
    expect(begun(made, 2)).toHaveLength(2)
    // What is not asked for does not count.
    made.tracing.begin(sampleCheck({}, { traceparent: parentOf('00') }))
    expect(begun(made, 10)).toHaveLength(1)
  })

  test('gets none for the rest, however they end', () => {
    const made = setUp(1)
    begun(made, 1)
    const check = sampled()
    made.tracing.begin(check)
    made.tracing.end(sampleOutcome({ check }), 1)
    expect(made.exporter.getFinishedSpans()).toEqual([])
  })
})
