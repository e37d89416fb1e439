/** What a peer may do too often, too large or too slowly, and where that ends. */
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { LIMITS } from '../../../src/check/frames/limits.ts'
import { ERROR, FRAME, SETTING } from '../../../src/check/frames/protocol.ts'
import { openFrames } from '../../../src/check/frames/transport.ts'
import { prefixed } from '../raw-call.ts'
import {
  cleanUp,
  echo,
  frame,
  holdIntervals,
  PATIENCE_MS,
  pass,
  SETTINGS,
  startTransport,
  turns,
  watchFaults,
} from '../transport-harness.ts'
import { BLOCK, call, data, END_HEADERS, END_STREAM, headers, openPeer, setting, word } from './peer.ts'

beforeEach(watchFaults)
afterEach(async () => expect(await cleanUp()).toEqual([]))

async function start(patienceMs?: number) {
  const { listener, isWell } = await startTransport(openFrames, echo, patienceMs)
  const peer = await openPeer(listener.address)
  return { peer, isWell, address: listener.address }
}

const NOTHING: Buffer = Buffer.alloc(0)
const ping = frame(FRAME.ping, 0, 0, Buffer.alloc(8))
const times = (count: number, bytes: Buffer) => Buffer.concat(Array(count).fill(bytes))

describe('frames that ask for nothing end the connection when they are too many', () => {
  test.each<[string, Buffer, Buffer]>([
    ['PING', NOTHING, ping],
    ['answers to no PING', NOTHING, frame(FRAME.ping, 1, 0, Buffer.alloc(8))],
    ['SETTINGS', NOTHING, SETTINGS],
    ['acknowledged SETTINGS', NOTHING, frame(FRAME.settings, 1, 0)],
    ['PRIORITY', NOTHING, frame(FRAME.priority, 0, 1, Buffer.alloc(5))],
    ['frames of an unknown type', NOTHING, frame(77, 0, 0)],
    ['GOAWAY', NOTHING, frame(FRAME.goAway, 0, 0, Buffer.alloc(8))],
    ['empty DATA', headers(1), data(1, NOTHING, 0)],
    ['DATA that is all padding', headers(1), frame(FRAME.data, 8, 1, Buffer.from([1, 0]))],
    [
      'DATA of a call that is over',
      Buffer.concat([headers(1), word(FRAME.reset, 1, 8)]),
      data(1, Buffer.alloc(1), 0),
    ],
  ])('%s', async (_, before, flood) => {
    const { peer, isWell } = await start()
    peer.send(before, times(LIMITS.idleFrames + LIMITS.forgiven + 2, flood))
    expect(await peer.ended()).toBe(ERROR.calm)
    expect(await isWell()).toBe(true)
  })

  test('WINDOW_UPDATE while answers wait', async () => {
    const { peer } = await start()
    peer.send(setting(SETTING.initialWindow, 0), call(1))
    await peer.next(FRAME.headers)
    peer.send(times(LIMITS.idleFrames + 1, word(FRAME.windowUpdate, 0, 1)))
    expect(await peer.ended()).toBe(ERROR.calm)
  })

  test('calls that have themselves reset (CVE-2025-8671)', async () => {
    const { peer } = await start()
    const resets = Array.from({ length: LIMITS.idleFrames + 1 }, (_, i) => [
      headers(2 * i + 1),
      word(FRAME.windowUpdate, 2 * i + 1, 0),
    ])
    peer.send(...resets.flat())
    expect(await peer.ended()).toBe(ERROR.calm)
  })

  test('calls that are refused, each by its own number', async () => {
    const { peer } = await start()
    const malformed = Buffer.from([0x83])
    const calls = Array.from({ length: LIMITS.idleFrames + 1 }, (_, i) =>
      headers(2 * i + 1, END_HEADERS, malformed),
    )
    peer.send(...calls)
    expect(await peer.ended()).toBe(ERROR.calm)
  })

  test('what is allowed is allowed, again after each patience, and more by who asks for checks', async () => {
    holdIntervals()
    const { peer } = await start(PATIENCE_MS)
    const most = times(LIMITS.idleFrames - 2, ping)
    peer.send(call(1), most, call(3), call(5), times(LIMITS.forgiven, ping), call(7))
    for (let i = 0; i < 4; i++) expect((await peer.next(FRAME.data)).payload.toString()).toContain('a check')
    await pass(Promise.resolve())
    peer.send(most, call(9))
    expect((await peer.next(FRAME.data)).stream).toBe(9)
  })

  test('resets (CVE-2023-44487), as far beyond what Envoy does', async () => {
    const { peer, isWell } = await start()
    const block = Buffer.from([0x83, 0x86, 0xc0, 0xbf, 0xbe])
    // The table gets path, te and content-type once.
    const first = Buffer.from(BLOCK)
    first[2] = 0x44
    first[first.indexOf('te') - 2] = 0x40
    const name = first.indexOf(Buffer.from([0x0f, 0x10]))
    const indexed = Buffer.concat([first.subarray(0, name), Buffer.from([0x5f]), first.subarray(name + 2)])
    peer.send(headers(1, END_HEADERS, indexed))
    for (let id = 3; id < 2 * LIMITS.resets + 7; id += 2)
      peer.send(headers(id, END_HEADERS, block), word(FRAME.reset, id, ERROR.cancel))
    expect(await peer.ended()).toBe(ERROR.calm)
    expect(await isWell()).toBe(true)
  }, 30_000)
})

describe('header blocks', () => {
  const continuation = (payload: Buffer, flags = 0) => frame(FRAME.continuation, flags, 1, payload)

  test('in CONTINUATIONs are put together', async () => {
    const { peer } = await start()
    const cut = [BLOCK.subarray(0, 1), BLOCK.subarray(1, 20), NOTHING, BLOCK.subarray(20)]
    const [first = NOTHING, ...rest] = cut
    peer.send(
      headers(1, 0, first),
      ...rest.map((piece, i) => continuation(piece, i === rest.length - 1 ? END_HEADERS : 0)),
      data(1, prefixed(Buffer.from('x'))),
    )
    expect((await peer.next(FRAME.data)).payload).toEqual(prefixed(Buffer.from('x')))
  })

  test.each([
    [
      'of too many CONTINUATIONs (CVE-2024-27316)',
      [headers(1, 0, NOTHING), times(LIMITS.blockFrames, continuation(NOTHING))],
    ],
    ['of too many bytes', [headers(1, 0), times(4, continuation(Buffer.alloc(16_384)))]],
  ])('%s end the connection', async (_, frames) => {
    const { peer, isWell } = await start()
    peer.send(...frames)
    expect(await peer.ended()).toBe(ERROR.calm)
    expect(await isWell()).toBe(true)
  })

  test('that do not come to their end are waited for no longer than two patiences', async () => {
    holdIntervals()
    const { peer } = await start(PATIENCE_MS)
    peer.send(headers(1, 0))
    expect(await pass(peer.ended())).toBe(ERROR.calm)
  })

  test('of a list beyond the limit reset their call, and the table goes on', async () => {
    const { peer } = await start()
    // 4 KiB in the table, named again and again by one byte each.
    const entry = Buffer.concat([Buffer.from([0x40, 1, 0x78, 0x7f, 0xa1, 0x1e]), Buffer.alloc(4000, 0x79)])
    peer.send(
      headers(1, END_HEADERS | END_STREAM, Buffer.concat([BLOCK, entry, Buffer.alloc(12_000, 0xbe)])),
      call(3),
    )
    const { stream, payload } = await peer.next(FRAME.reset)
    expect([stream, payload.readUInt32BE()]).toEqual([1, ERROR.calm])
    expect((await peer.next(FRAME.data)).stream).toBe(3)
  })
})

describe('calls', () => {
  test('beyond what may be open at once are refused, and can be sent again', async () => {
    const { peer } = await start()
    const ids = Array.from({ length: LIMITS.streams + 1 }, (_, i) => 2 * i + 1)
    peer.send(...ids.map((id) => headers(id)))
    const { stream, payload } = await peer.next(FRAME.reset)
    expect([stream, payload.readUInt32BE()]).toEqual([ids.at(-1), ERROR.refusedStream])
    const again = (ids.at(-1) ?? 0) + 2
    peer.send(word(FRAME.reset, 1, ERROR.cancel), call(again))
    expect((await peer.next(FRAME.data)).stream).toBe(again)
  })

  test('whose messages are too much together are refused one by one', async () => {
    const { listener } = await startTransport(
      (options) => openFrames({ ...options, maxMessageBytes: LIMITS.heldBytes }),
      echo,
    )
    const peer = await openPeer(listener.address)
    const start = prefixed(NOTHING, 0, LIMITS.heldBytes)
    const filler = Buffer.alloc(16_384)
    for (const id of [1, 3]) peer.send(headers(id), data(id, start, 0))
    for (let sent = 0; sent < LIMITS.heldBytes; sent += 2 * filler.length)
      peer.send(data(1, filler, 0), data(3, filler, 0))
    const { stream, payload } = await peer.next(FRAME.headers)
    expect(payload.toString('latin1')).toContain('too much is coming at once')
    // What it had kept is free again: for the other, and for a new one.
    const other = stream === 1 ? 3 : 1
    const message = prefixed(Buffer.from('a check'))
    peer.send(data(other, filler, 0), word(FRAME.reset, other, ERROR.cancel))
    peer.send(headers(5), data(5, message.subarray(0, 7), 0), data(5, message.subarray(7)))
    expect(await peer.next(FRAME.data)).toMatchObject({ stream: 5, payload: message })
  }, 30_000)
})

describe('a peer that takes nothing', () => {
  test('through a window of 0: its answers are given up', async () => {
    holdIntervals()
    const { peer } = await start(PATIENCE_MS)
    peer.send(setting(SETTING.initialWindow, 0), call(1))
    await peer.next(FRAME.headers)
    const { stream, payload } = await pass(peer.next(FRAME.reset))
    expect([stream, payload.readUInt32BE()]).toEqual([1, ERROR.cancel])
  })

  test('from its socket: nothing more is read from it, and it is cut', async () => {
    holdIntervals()
    const { peer, isWell } = await start(PATIENCE_MS)
    peer.socket.pause()
    const large = Array.from({ length: 400 }, (_, i) => {
      const id = 2 * i + 1
      const message = prefixed(Buffer.alloc(90_000))
      const parts = []
      for (let at = 0; at < message.length; at += 16_384)
        parts.push(data(id, message.subarray(at, at + 16_384), at + 16_384 < message.length ? 0 : END_STREAM))
      return Buffer.concat([headers(id), ...parts])
    })
    peer.send(setting(SETTING.initialWindow, 0x7fff_ffff), word(FRAME.windowUpdate, 0, 0x7fff_0000), ...large)
    await turns(50)
    const gone = new Promise((resolve) => peer.socket.once('close', resolve))
    await pass(gone)
    expect(peer.socket.destroyed).toBe(true)
    expect(await isWell()).toBe(true)
  })
})
