import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from '@jest/globals'
import { createAuditor } from '../../src/audit/index.ts'
import { auditSettings } from '../../src/config/schema/audit.ts'
import type { OpenRecordExport } from '../../src/ports.ts'
import { refusedAnswer, sampleCheck, sampleOutcome, spyLog, spyMeter } from '../support/edge-samples.ts'

const dir = mkdtempSync(join(tmpdir(), 'vigil-auditor-'))
afterAll(() => rmSync(dir, { recursive: true }))
const CONTEXT = { durationUs: 1, config: 'c', headers: [] }
const toFile = (name: string) => auditSettings.parse({ sinks: [{ kind: 'file', path: join(dir, name) }] })
const ids = (name: string) =>
  readFileSync(join(dir, name), 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line).id)
const outcome = (id: string) => sampleOutcome({ check: sampleCheck({ id }) })

const dropsAndFilters = ({ counted }: ReturnType<typeof spyMeter>) =>
  counted.filter(({ name }) => name !== 'vigil_audit_sink_losing')

function setUp(parts: { openExport?: OpenRecordExport } = {}) {
  const meter = spyMeter()
  const auditor = createAuditor({
    ...parts,
    meter,
    log: spyLog(),
    schedule: () => () => undefined,
    clock: { nowMs: () => 0 },
    keys: { pseudonym: Buffer.alloc(32, 7) },
  })
  return { meter, auditor }
}

describe('the auditor', () => {
  test('records go to every sink as JSON lines', async () => {
    const { auditor } = setUp()
    const sinks = ['a1', 'a2'].map((name) => ({ kind: 'file', path: join(dir, name) }))
    await auditor.configure(auditSettings.parse({ sinks }))
    auditor.record(outcome('one'), CONTEXT)
    auditor.record(outcome('two'), CONTEXT)
    await auditor.close()
    expect([ids('a1'), ids('a2')]).toEqual([
      ['one', 'two'],
      ['one', 'two'],
    ])
  })

  test('new settings: what was queued goes to the old sink, what comes goes to the new one', async () => {
    const { auditor, meter } = setUp()
    await auditor.configure(toFile('b1'))
    auditor.record(outcome('one'), CONTEXT)
    const configured = auditor.configure(toFile('b2'))
    auditor.record(outcome('two'), CONTEXT)
    await configured
    await auditor.close()
    expect([ids('b1'), ids('b2')]).toEqual([['one'], ['two']])
    expect(dropsAndFilters(meter)).toEqual([])
  })

  test('the same settings again change nothing', async () => {
    const { auditor } = setUp()
    await auditor.configure(toFile('c1'))
    auditor.record(outcome('one'), CONTEXT)
    await auditor.configure(toFile('c1'))
    auditor.record(outcome('two'), CONTEXT)
    await auditor.close()
    expect(ids('c1')).toEqual(['one', 'two'])
  })

  test('settings whose sinks cannot be opened change nothing, and can be tried again', async () => {
    const { auditor } = setUp()
    await auditor.configure(toFile('y1'))
    // No collector is configured here.
    const sinks = [{ kind: 'file', path: join(dir, 'y2') }, { kind: 'otlp' }]
    const settings = auditSettings.parse({ sinks, required: true })
    for (const _ of [1, 2]) expect(() => auditor.configure(settings)).toThrow('telemetry.otlp is not set')
    auditor.record(outcome('one'), CONTEXT)
    await auditor.configure(toFile('y1'))
    auditor.record(outcome('two'), CONTEXT)
    await auditor.close()
    expect(ids('y1')).toEqual(['one', 'two'])
  })

  test('where a sink cannot be made, those that were opened before it are closed again, of every view', () => {
    const closed: number[] = []
    let opened = 0
    const { auditor } = setUp({
      openExport: () => {
        const n = ++opened
        if (n === 3) throw new Error('no third one')
        return { send: () => undefined, close: async () => void closed.push(n) }
      },
    })
    const disguised = { kind: 'otlp', pseudonyms: ['subject'] }
    const settings = auditSettings.parse({ sinks: [{ kind: 'otlp' }, disguised, disguised] })
    expect(() => auditor.configure(settings)).toThrow('no third one')
    expect(opened).toBe(3)
    expect(closed).toEqual([1, 2])
  })

  test('the place of a check that ends without a record is given back', async () => {
    const { auditor } = setUp()
    const sinks = [{ kind: 'file', path: join(dir, 'y3') }]
    await auditor.configure(auditSettings.parse({ sinks, required: true, queue: 1 }))
    const [lost, next] = [sampleCheck({ id: 'lost' }), sampleCheck({ id: 'next' })]
    expect([auditor.admit(lost), auditor.admit(next)]).toEqual([true, false])
    auditor.abandon(lost)
    auditor.abandon(lost)
    expect([auditor.admit(next), auditor.admit(lost)]).toEqual([true, false])
    await auditor.close()
  })

  test('a record that cannot be told is counted as dropped and does not throw', async () => {
    const { auditor, meter } = setUp()
    await auditor.configure(toFile('d1'))
    auditor.record(sampleOutcome({ check: sampleCheck({ atMs: Number.NaN }) }), CONTEXT)
    await auditor.close()
    expect(dropsAndFilters(meter)).toEqual([
      { name: 'vigil_audit_dropped_total', value: 1, labels: { sink: 'all', reason: 'fault' } },
    ])
  })

  test('no sinks, no records; after closing nothing throws', async () => {
    const { auditor } = setUp()
    await auditor.configure(auditSettings.parse({ sinks: [] }))
    auditor.record(outcome('one'), CONTEXT)
    await auditor.close()
    auditor.record(outcome('two'), CONTEXT)
  })

  test('a sink that cannot be opened loses records and counts each', async () => {
    const { auditor, meter } = setUp()
    await auditor.configure(toFile('none/x'))
    auditor.record(outcome('one'), CONTEXT)
    auditor.record(outcome('two'), CONTEXT)
    await auditor.close()
    const lost = dropsAndFilters(meter).reduce((sum, { value }) => sum + value, 0)
    expect(lost).toBe(2)
  })

  test('what the settings of a sink leave out is counted as filtered, not as dropped, and goes to the others', async () => {
    const { auditor, meter } = setUp()
    const sinks = [
      { kind: 'file', path: join(dir, 'e1'), plainPercent: 0 },
      { kind: 'file', path: join(dir, 'e2') },
    ]
    await auditor.configure(auditSettings.parse({ sinks }))
    auditor.record(outcome('plain'), CONTEXT)
    auditor.record({ ...outcome('refused'), answer: refusedAnswer() }, CONTEXT)
    await auditor.close()
    expect([ids('e1'), ids('e2')]).toEqual([['refused'], ['plain', 'refused']])
    expect(dropsAndFilters(meter)).toEqual([
      { name: 'vigil_audit_filtered_total', value: 1, labels: { sink: 'file' } },
    ])
  })

  test('each sink shows what its own settings show', async () => {
    const { auditor } = setUp()
    const sinks = [
      { kind: 'file', path: join(dir, 'g1') },
      { kind: 'file', path: join(dir, 'g2'), pseudonyms: ['subject'], addresses: 'prefix' },
      { kind: 'file', path: join(dir, 'g3'), pseudonyms: ['subject'], addresses: 'prefix' },
      { kind: 'file', path: join(dir, 'g4'), pseudonyms: ['subject'] },
      { kind: 'file', path: join(dir, 'g5'), pseudonyms: ['subject'], format: 'ocsf' },
    ]
    await auditor.configure(auditSettings.parse({ sinks }))
    auditor.record(outcome('one'), CONTEXT)
    await auditor.close()
    const [plain = '', disguised = '', twin] = ['g1', 'g2', 'g3'].map((name) =>
      readFileSync(join(dir, name), 'utf8'),
    )
    expect(JSON.parse(plain)).toMatchObject({
      subject: { credential: { subject: 'alice' } },
      facts: { address: { ip: '203.0.113.7' } },
    })
    expect(disguised).not.toMatch(/alice|203\.0\.113\.7/)
    expect(JSON.parse(disguised)).toMatchObject({ id: 'one', pseudonyms: ['subject'], addresses: 'prefix' })
    expect(twin).toBe(disguised)
    expect(readFileSync(join(dir, 'g4'), 'utf8')).toContain('203.0.113.7')
    const event = readFileSync(join(dir, 'g5'), 'utf8')
    expect(JSON.parse(event)).toMatchObject({ class_uid: 6003, metadata: { uid: 'one' } })
    expect(event).not.toContain('alice')
  })

  describe('with required', () => {
    const required = (name: string, queue: number) =>
      auditSettings.parse({ required: true, queue, sinks: [{ kind: 'file', path: join(dir, name) }] })
    const check = (id: string) => sampleCheck({ id })

    test('a place is kept for every check that was admitted, until its record has it', async () => {
      const { auditor, meter } = setUp()
      await auditor.configure(required('f1', 2))
      const [one, two] = [check('one'), check('two')]
      expect([auditor.admit(one), auditor.admit(two), auditor.admit(check('three'))]).toEqual([
        true,
        true,
        false,
      ])
      auditor.record(sampleOutcome({ check: one }), CONTEXT)
      expect(auditor.admit(check('three'))).toBe(false)
      auditor.record(sampleOutcome({ check: two }), CONTEXT)
      await auditor.close()
      expect(ids('f1')).toEqual(['one', 'two'])
      expect(meter.counted.filter(({ name }) => name.includes('dropped'))).toEqual([])
    })

    test('the record of a check that was not admitted gives back no place', async () => {
      const { auditor } = setUp()
      await auditor.configure(required('f2', 2))
      expect(auditor.admit(check('one'))).toBe(true)
      auditor.record(outcome('stranger'), CONTEXT)
      expect(auditor.admit(check('two'))).toBe(false)
      await auditor.close()
    })

    test('without it, everything is admitted, whatever waits', async () => {
      const { auditor } = setUp()
      await auditor.configure({ ...required('f3', 1), required: false })
      for (const id of ['one', 'two', 'three']) expect(auditor.admit(check(id))).toBe(true)
      await auditor.close()
    })
  })
})
