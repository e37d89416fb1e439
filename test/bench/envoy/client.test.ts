import { once } from 'node:events'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { afterEach, describe, expect, test } from '@jest/globals'
import type { Outcome } from '../grpc/client.ts'
import { load } from '../grpc/load.ts'
import { HttpPool, outcomeOf } from './client.ts'

/** The pool against a server that answers with the status that the path names; `/0` ends the connection. */
let server: Server | undefined
let mostAtOnce = 0
let atOnce = 0

function answer(socket: Socket): void {
  socket.on('error', () => undefined)
  socket.on('data', (chunk) => {
    const status = /^GET \/(\d+)/.exec(String(chunk))?.[1] ?? '500'
    if (status === '0') return void socket.destroy()
    mostAtOnce = Math.max(mostAtOnce, ++atOnce)
    // In another turn, so that requests of the same moment meet.
    setImmediate(() => {
      atOnce--
      socket.write(`HTTP/1.1 ${status} x\r\ncontent-length: 2\r\n\r\nok`)
    })
  })
}

async function open(): Promise<string> {
  mostAtOnce = 0
  server = createServer(answer).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return `127.0.0.1:${(server.address() as AddressInfo).port}`
}
afterEach(() => void server?.close())

const get = (status: number) => Buffer.from(`GET /${status} HTTP/1.1\r\n\r\n`)

describe('keep-alive connections', () => {
  test('one request at a time on each, and the rest waits in line', async () => {
    const statuses = [200, 200, 401, 200, 503, 200, 200, 403, 200, 200]
    let at = 0
    const next = () => {
      const status = statuses[at++]
      return status === undefined ? undefined : get(status)
    }
    const address = await open()
    const plan = { address, kind: 'closed', count: 8, seconds: 30 } as const
    const result = await load(plan, next, async (where) => [await HttpPool.open(where, 3)])
    expect(result).toMatchObject({ sent: 10, passed: 7, refused: 2, failed: 1 })
    expect(mostAtOnce).toBeLessThanOrEqual(3)
  })

  test('what was asked on a connection that ends has failed', async () => {
    const pool = await HttpPool.open(await open(), 1)
    const outcomes: Outcome[] = []
    const all = new Promise<void>((resolve) => {
      const onEnd = (outcome: Outcome) => {
        outcomes.push(outcome)
        if (outcomes.length === 2) resolve()
      }
      pool.call(get(0), onEnd)
      pool.call(get(200), onEnd)
    })
    await all
    pool.close()
    expect(outcomes).toEqual(['failed', 'failed'])
  })
})

test.each([
  [200, 'passed'],
  [401, 'refused'],
  [429, 'refused'],
  [503, 'failed'],
  [204, 'failed'],
] as const)('%d is %s', (status, outcome) => {
  expect(outcomeOf(status)).toBe(outcome)
})
