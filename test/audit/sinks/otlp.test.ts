import { describe, expect, test } from '@jest/globals'
import { otlpSink } from '../../../src/audit/sinks/otlp.ts'
import type { ExportedRecord } from '../../../src/ports.ts'

/** A collector that answers when it is told. */
function setUp() {
  const sent: (readonly ExportedRecord[])[] = []
  const answers: ((isWritten: boolean) => void)[] = []
  let closes = 0
  const sink = otlpSink(() => ({
    send: (records, onSettled) => {
      sent.push(records)
      answers.push(onSettled)
    },
    close: async () => {
      closes++
    },
  }))
  const settled: boolean[] = []
  const write = (text: string) => sink.write(Buffer.from(text), (isWritten) => settled.push(isWritten))
  return { sink, sent, answers, settled, write, closes: () => closes }
}

const RECORD = { v: 1, id: 'd-1', at: '2026-11-22T09:00:00.001Z', trace: 'ab'.repeat(16) }
const EVENT = {
  time: 1000,
  metadata: { uid: 'd-2' },
  trace: { uid: 'cd'.repeat(16) },
  unmapped: { effect: 'deny' },
}
const line = (value: object) => `${JSON.stringify(value)}\n`

describe('records on their way to a collector', () => {
  test.each([
    ['allow', 'info'],
    ['monitor', 'info'],
    ['deny', 'warn'],
    ['step-up', 'warn'],
    ['throttle', 'warn'],
    ['unavailable', 'error'],
  ])('%s is of severity %s', (effect, severity) => {
    const { sent, write } = setUp()
    const text = line({ ...RECORD, decision: { effect } })
    write(text)
    expect(sent).toEqual([
      [
        {
          atMs: Date.UTC(2026, 10, 22, 9, 0, 0, 1),
          id: 'd-1',
          effect,
          severity,
          trace: RECORD.trace,
          line: text.trimEnd(),
        },
      ],
    ])
  })

  test('events of OCSF say the same in their own words, and each line is one record', () => {
    const { sent, write } = setUp()
    write(line(EVENT) + line({ ...EVENT, trace: undefined }))
    expect(sent[0]).toMatchObject([
      { atMs: 1000, id: 'd-2', effect: 'deny', severity: 'warn', trace: EVENT.trace.uid },
      { id: 'd-2', trace: undefined },
    ])
  })

  test('what the collector took or lost is told', () => {
    const { write, answers, settled } = setUp()
    write(line(EVENT))
    write(line(EVENT))
    answers[1]?.(false)
    answers[0]?.(true)
    expect(settled).toEqual([false, true])
  })

  test('a slow collector asks for a pause, and tells when it is ready', () => {
    const { sink, write, answers } = setUp()
    let readies = 0
    sink.onReady(() => {
      readies++
    })
    const rooms = Array.from({ length: 8 }, () => write(line(EVENT)))
    expect(rooms).toEqual([true, true, true, true, true, true, true, false])
    answers[0]?.(true)
    answers[1]?.(true)
    expect(readies).toBe(1)
  })

  test('closing waits for what is on its way', async () => {
    const { sink, write, answers, closes } = setUp()
    write(line(EVENT))
    const closing = sink.close()
    await Promise.resolve()
    expect(closes()).toBe(0)
    answers[0]?.(true)
    await closing
    expect(closes()).toBe(1)
  })

  test('closing with nothing on its way ends at once', async () => {
    const { sink, closes } = setUp()
    await sink.close()
    expect(closes()).toBe(1)
  })
})
