import { Writable } from 'node:stream'
import { expect, test } from '@jest/globals'
import { stdoutSink } from '../../../src/audit/sinks/stdout.ts'

/** Standard output is never destroyed by its errors and never ends. */
function standardOutput(fail = false) {
  const chunks: string[] = []
  const stream = new Writable({
    autoDestroy: false,
    emitClose: false,
    write(chunk, _encoding, done) {
      chunks.push(String(chunk))
      setImmediate(() => done(fail ? Object.assign(new Error('closed'), { code: 'EPIPE' }) : null))
    },
  })
  return { stream, chunks }
}

test('closing waits for what was written, leaves the stream open and takes its listeners away', async () => {
  const { stream, chunks } = standardOutput()
  const before = stream.eventNames().length
  const sink = stdoutSink(stream)
  sink.onReady(() => undefined)
  sink.onBroken(() => undefined)
  const settled: boolean[] = []
  sink.write(Buffer.from('a\n'), (isWritten) => settled.push(isWritten))
  await sink.close()
  expect(chunks.join('')).toBe('a\n')
  expect(settled).toEqual([true])
  expect(stream.writableEnded).toBe(false)
  expect(stream.eventNames()).toHaveLength(before)
})

test('a closed pipe is told once, however often it fails', async () => {
  const { stream } = standardOutput()
  const sink = stdoutSink(stream)
  const reasons: string[] = []
  sink.onBroken((reason) => reasons.push(reason))
  const error = Object.assign(new Error('closed'), { code: 'EPIPE' })
  stream.emit('error', error)
  stream.emit('error', error)
  expect(reasons).toEqual(['EPIPE'])
})

test('lines that a closed pipe takes are told as lost', async () => {
  const { stream } = standardOutput(true)
  const sink = stdoutSink(stream)
  sink.onBroken(() => undefined)
  const isWritten = await new Promise<boolean>((resolve) => sink.write(Buffer.from('a\n'), resolve))
  expect(isWritten).toBe(false)
})
