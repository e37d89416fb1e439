/** The row of the sinks of records. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { openTestApp } from '../harness/app.ts'
import { fakeMeter } from '../store/fakes.ts'
import { ALL, ask, atEnd, expectUnavailable, LOW, row, settings } from './rows.ts'

row('an audit sink is full or broken, with `audit.required`', () => {
  function sinkIn(folder: string, audit: Record<string, unknown> = {}) {
    const root = mkdtempSync(join(tmpdir(), 'vigil-required-'))
    atEnd(() => rmSync(root, { recursive: true, force: true }))
    const path = join(root, folder, 'audit.jsonl')
    return { audit: { required: true, sinks: [{ kind: 'file', path }], ...audit } }
  }

  /** With a promise of the moment when a sink is known to lose what it is given. */
  function meterOfSinks() {
    const meter = fakeMeter()
    const { promise, resolve } = Promise.withResolvers<void>()
    const set: typeof meter.set = (name, value, labels) => {
      meter.set(name, value, labels)
      if (name === 'vigil_audit_sink_losing' && value === 1) resolve()
    }
    return { meter: { ...meter, set }, isLosing: promise }
  }

  test('full: 503, whatever is at stake, and the drops are counted', async () => {
    const meter = fakeMeter()
    const app = await openTestApp(settings(sinkIn('.', { queue: 2 })), { hasRecords: true, meter })
    for (const sensitivity of LOW) expect((await ask(app, sensitivity)).decision.effect).toBe('allow')
    for (const sensitivity of ALL) {
      const outcome = await ask(app, sensitivity)
      expectUnavailable(outcome, 'audit.record.unavailable')
      expect(outcome.stages).toBeUndefined()
    }
    expect(meter.counts['vigil_audit_dropped_total{sink=file,reason=full}']).toBe(4)
    await app.close()
  })

  test('broken: 503, whatever is at stake', async () => {
    const { meter, isLosing } = meterOfSinks()
    const app = await openTestApp(settings(sinkIn('missing')), { hasRecords: true, meter })
    await isLosing
    for (const sensitivity of ALL) expectUnavailable(await ask(app, sensitivity), 'audit.record.unavailable')
    await app.close()
  })

  test.each([
    ['full', { queue: 1 }, '.'],
    ['broken', {}, 'missing'],
  ])('%s without `audit.required`: the answers stand, and the drops are counted', async (reason, extra, folder) => {
    const { meter, isLosing } = meterOfSinks()
    const raw = settings(sinkIn(folder, { ...extra, required: false }))
    const app = await openTestApp(raw, { hasRecords: true, meter })
    if (reason === 'broken') await isLosing
    for (let i = 0; i < 3; i++) expect((await ask(app, 'low')).decision.effect).toBe('allow')
    await app.close()
    expect(meter.counts[`vigil_audit_dropped_total{sink=file,reason=${reason}}`]).toBe(
      reason === 'full' ? 2 : 3,
    )
  })
})
