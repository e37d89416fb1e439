/** HTTP/2 clause by clause, asked by h2spec: of the frames alone, since it knows nothing of gRPC. */
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { expect, test } from '@jest/globals'
import { FramesConnection } from '../../src/check/frames/connection.ts'
import { type Listener, openListener } from '../../src/check/listener.ts'
import { silentLog } from '../../src/ports.ts'
import { describeWithH2spec } from '../harness/tools.ts'

const MESSAGE = Buffer.from('an answer of any kind')
const STATUS_200 = Buffer.from([0x88])

/** Answers everything that comes to its end. */
const openAnswering = (): Promise<Listener> =>
  openListener(
    '127.0.0.1:0',
    undefined,
    {
      setServing: () => undefined,
      serve: (socket) =>
        new FramesConnection(socket, 10_000, (sender) => ({
          begin: () => undefined,
          data: (stream, _bytes, _at, _end, isLast) => isLast && sender.answer(stream, MESSAGE),
          giveUp: (stream) => sender.end(stream, STATUS_200),
          closed: () => undefined,
          drain: () => undefined,
        })),
    },
    silentLog,
  )

describeWithH2spec('frames', (h2spec) => {
  test.each([[[]], [['--strict']]])('every case passes, none is skipped %j', async (flags) => {
    const listener = await openAnswering()
    const port = listener.address.split(':')[1] ?? ''
    const args = [...flags, '-h', '127.0.0.1', '-p', port, '-o', '10']
    const { stdout } = await promisify(execFile)(h2spec, args).catch((error: { stdout: string }) => error)
    await listener.close(0)
    const [, all, passed] = /(\d+) tests, (\d+) passed/.exec(stdout) ?? []
    expect(stdout.split('Failures:')[1]).toBeUndefined()
    expect(Number(all)).toBeGreaterThan(140)
    expect(passed).toBe(all)
  }, 180_000)
})
