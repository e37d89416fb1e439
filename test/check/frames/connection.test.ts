/** A connection from its first frame to its end, as a peer sees it. */
import { once } from 'node:events'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { ERROR, FRAME, SETTING } from '../../../src/check/frames/protocol.ts'
import { openFrames } from '../../../src/check/frames/transport.ts'
import { prefixed } from '../raw-call.ts'
import {
  cleanUp,
  echo,
  frame,
  held,
  holdIntervals,
  PATIENCE_MS,
  PREFACE,
  pass,
  SETTINGS,
  startTransport,
  turns,
  WATCH,
  watchFaults,
} from '../transport-harness.ts'
import {
  BLOCK,
  call,
  data,
  END_HEADERS,
  END_STREAM,
  headers,
  openPeer,
  type Peer,
  setting,
  word,
} from './peer.ts'

beforeEach(watchFaults)
afterEach(async () => expect(await cleanUp()).toEqual([]))

async function start(handle = echo, patienceMs?: number) {
  const all = await startTransport(openFrames, handle, patienceMs)
  return { ...all, peer: await openPeer(all.listener.address) }
}

const NOTHING: Buffer = Buffer.alloc(0)
const codeOf = async (peer: Peer) => {
  const { stream, payload } = await peer.next(FRAME.reset)
  return [stream, payload.readUInt32BE()]
}
const goAway = async (peer: Peer) => {
  const { payload } = await peer.next(FRAME.goAway)
  return [payload.readUInt32BE(), payload.readUInt32BE(4)]
}

describe('an error of the connection names its kind', () => {
  const { protocol, flowControl, frameSize, streamClosed, compression } = ERROR
  const bytes = (length: number) => Buffer.alloc(length)
  const self = Buffer.from([0, 0, 0, 1, 0])
  test.each<[string, number, Buffer[]]>([
    ['DATA of no stream', protocol, [data(0, bytes(1))]],
    ['DATA of a stream that has not begun', protocol, [data(1, bytes(1))]],
    ['padding is all there is', protocol, [headers(1), frame(FRAME.data, 8, 1, Buffer.from([3, 0, 0]))]],
    ['a padded frame of nothing', protocol, [headers(1), frame(FRAME.data, 8, 1)]],
    ['HEADERS of no stream', protocol, [headers(0)]],
    ['HEADERS of an even stream', protocol, [headers(2)]],
    ['HEADERS of a number below the last', protocol, [headers(5), headers(3)]],
    [
      'HEADERS with padding beyond them',
      protocol,
      [headers(1, 12, Buffer.concat([Buffer.from([200]), BLOCK]))],
    ],
    ['HEADERS without their priority', frameSize, [headers(1, 36, bytes(4))]],
    ['a call that depends on itself', protocol, [headers(1, 36, Buffer.concat([self, BLOCK]))]],
    ['a table that is not there', compression, [headers(1, END_HEADERS, Buffer.from([0xbe]))]],
    ['HEADERS of a closed stream', streamClosed, [headers(1), word(FRAME.reset, 1, 8), headers(1)]],
    ['PRIORITY of no stream', protocol, [frame(FRAME.priority, 0, 0, bytes(5))]],
    ['PRIORITY of a wrong size', frameSize, [frame(FRAME.priority, 0, 1, bytes(4))]],
    ['PRIORITY of a stream that depends on itself', protocol, [frame(FRAME.priority, 0, 1, self)]],
    ['RST_STREAM of no stream', protocol, [word(FRAME.reset, 0, 8)]],
    ['RST_STREAM of one that has not begun', protocol, [word(FRAME.reset, 1, 8)]],
    ['RST_STREAM of a wrong size', frameSize, [headers(1), frame(FRAME.reset, 0, 1, bytes(5))]],
    ['SETTINGS of a stream', protocol, [frame(FRAME.settings, 0, 1)]],
    ['SETTINGS of a wrong size', frameSize, [frame(FRAME.settings, 0, 0, bytes(7))]],
    ['an acknowledgement with settings', frameSize, [frame(FRAME.settings, 1, 0, bytes(6))]],
    ['ENABLE_PUSH of 2', protocol, [setting(SETTING.enablePush, 2)]],
    ['a window beyond 2^31-1 at first', flowControl, [setting(SETTING.initialWindow, 2 ** 31)]],
    ['a frame size below the least', protocol, [setting(SETTING.maxFrame, 16_383)]],
    ['a frame size above the most', protocol, [setting(SETTING.maxFrame, 2 ** 24)]],
    ['PUSH_PROMISE', protocol, [frame(FRAME.pushPromise, 4, 1, bytes(8))]],
    ['PING of a stream', protocol, [frame(FRAME.ping, 0, 1, bytes(8))]],
    ['PING of a wrong size', frameSize, [frame(FRAME.ping, 0, 0, bytes(9))]],
    ['GOAWAY of a stream', protocol, [frame(FRAME.goAway, 0, 1, bytes(8))]],
    ['GOAWAY of a wrong size', frameSize, [frame(FRAME.goAway, 0, 0, bytes(7))]],
    ['WINDOW_UPDATE of a wrong size', frameSize, [frame(FRAME.windowUpdate, 0, 0, bytes(5))]],
    ['WINDOW_UPDATE of 0', protocol, [word(FRAME.windowUpdate, 0, 0)]],
    ['WINDOW_UPDATE of a stream that has not begun', protocol, [word(FRAME.windowUpdate, 1, 1)]],
    ['a window of the connection beyond 2^31-1', flowControl, [word(FRAME.windowUpdate, 0, 2 ** 31 - 1)]],
    [
      'a window of a stream beyond it by settings',
      flowControl,
      [headers(1), word(FRAME.windowUpdate, 1, 2 ** 31 - 65_536), setting(SETTING.initialWindow, 65_536)],
    ],
    ['CONTINUATION of nothing', protocol, [frame(FRAME.continuation, 4, 1)]],
    ['CONTINUATION of another stream', protocol, [headers(1, 0), frame(FRAME.continuation, 4, 3)]],
    ['another frame inside a block', protocol, [headers(1, 0), SETTINGS]],
    ['a frame that is too large', frameSize, [frame(FRAME.ping, 0, 0, bytes(16_385))]],
  ])('%s', async (_, code, frames) => {
    const { peer, isWell } = await start()
    peer.send(...frames)
    expect(await peer.ended()).toBe(code)
    expect(await isWell()).toBe(true)
  })

  test.each([
    ['another preface', Buffer.concat([PREFACE.subarray(0, 20), Buffer.from('xxxx')])],
    ['SETTINGS that only acknowledge', Buffer.concat([PREFACE, frame(FRAME.settings, 1, 0)])],
    ['no SETTINGS', Buffer.concat([PREFACE, headers(1)])],
  ])('at its beginning: %s', async (_, hello) => {
    const { listener } = await start()
    expect(await (await openPeer(listener.address, hello)).ended()).toBe(ERROR.protocol)
  })
})

describe('an error of a call resets it, and the others go on', () => {
  const { protocol, flowControl, streamClosed } = ERROR
  const length = (value: string) =>
    Buffer.concat([BLOCK, Buffer.from([0x0f, 13, value.length]), Buffer.from(value)])
  test.each<[string, number, Buffer[]]>([
    ['a malformed head', protocol, [headers(1, 5, Buffer.from([0x83]))]],
    ['WINDOW_UPDATE of 0', protocol, [headers(1), word(FRAME.windowUpdate, 1, 0)]],
    ['a window beyond 2^31-1', flowControl, [headers(1), word(FRAME.windowUpdate, 1, 2 ** 31 - 1)]],
    ['trailers that do not end it', protocol, [headers(1), headers(1, 4, Buffer.from([0x00, 1, 0x78, 0]))]],
    ['trailers with a path', protocol, [headers(1), headers(1, 5)]],
    ['more than its content-length', protocol, [headers(1, 4, length('3')), data(1, Buffer.alloc(4), 0)]],
    [
      'less than its content-length',
      protocol,
      [headers(1, 4, length('9')), data(1, prefixed(Buffer.from('x')))],
    ],
    ['a content-length without a body', protocol, [headers(1, 5, length('6'))]],
  ])('%s', async (_, code, frames) => {
    const { peer } = await start()
    peer.send(...frames)
    expect(await codeOf(peer)).toEqual([1, code])
    peer.send(call(3))
    expect((await peer.next(FRAME.data)).stream).toBe(3)
  })

  test.each<[string, Buffer]>([
    ['DATA', data(1, Buffer.alloc(1))],
    ['HEADERS', headers(1, 5)],
  ])('%s behind the end of a call that is decided', async (_, frames) => {
    const { handle, arrived, go } = held()
    const { peer } = await start(handle)
    peer.send(call(1))
    await arrived
    peer.send(frames)
    expect(await codeOf(peer)).toEqual([1, streamClosed])
    go()
    peer.send(call(3))
    expect((await peer.next(FRAME.data)).stream).toBe(3)
  })

  test('DATA of a call that its peer has reset', async () => {
    const { peer } = await start()
    peer.send(headers(1), word(FRAME.reset, 1, 8), data(1, Buffer.alloc(1)))
    expect(await codeOf(peer)).toEqual([1, streamClosed])
  })

  test('what was on its way to a call that was reset here is ignored, its trailers as well', async () => {
    const { peer } = await start()
    peer.send(
      headers(1, 4, Buffer.from([0x83])),
      data(1, Buffer.alloc(9), 0),
      headers(1, 5, Buffer.from([0x00, 1, 0x78, 0])),
    )
    peer.send(word(FRAME.windowUpdate, 1, 5), word(FRAME.reset, 1, 8), headers(3, 4, Buffer.from([0x83])))
    expect(await codeOf(peer)).toEqual([1, protocol])
    expect(await codeOf(peer)).toEqual([3, protocol])
    peer.send(call(5))
    expect((await peer.next(FRAME.data)).stream).toBe(5)
  })
})

describe('what is allowed', () => {
  test('padding, priority, trailers, unknown frames, and a body cut anywhere', async () => {
    const { peer } = await start()
    const message = prefixed(Buffer.from('a check'))
    const block = Buffer.concat([Buffer.from([2, 0, 0, 0, 9, 7]), BLOCK, Buffer.alloc(2)])
    peer.send(
      frame(99, 255, 1, Buffer.alloc(20)),
      headers(1, END_HEADERS | 8 | 32, block),
      frame(FRAME.priority, 0, 1, Buffer.from([0, 0, 0, 7, 1])),
      frame(FRAME.data, 8, 1, Buffer.concat([Buffer.from([3]), message.subarray(0, 4), Buffer.alloc(3)])),
      data(1, message.subarray(4), 0),
      headers(1, END_HEADERS | END_STREAM, Buffer.from([0x00, 1, 0x78, 1, 0x79])),
    )
    expect((await peer.next(FRAME.data)).payload).toEqual(message)
  })

  test('the first answer says that no table is used, and no later one does', async () => {
    const { peer } = await start()
    peer.send(call(1), call(3))
    const blocks = []
    for (let i = 0; i < 4; i++) blocks.push((await peer.next(FRAME.headers)).payload[0])
    expect(blocks).toEqual([0x20, 0x00, 0x88, 0x00])
  })

  test('settings are acknowledged, a PING is answered with what it said', async () => {
    const { peer } = await start()
    expect((await peer.next(FRAME.settings)).flags).toBe(0)
    expect(await peer.next(FRAME.settings)).toMatchObject({ flags: 1, payload: NOTHING })
    peer.send(frame(FRAME.ping, 0, 0, Buffer.from('12345678')))
    expect(await peer.next(FRAME.ping)).toMatchObject({ flags: 1, payload: Buffer.from('12345678') })
  })
})

describe('windows', () => {
  const dataOf = async (peer: Peer, frames: number) => {
    const sizes = []
    for (let i = 0; i < frames; i++) sizes.push((await peer.next(FRAME.data)).payload.length)
    return sizes
  }

  test('an answer comes as far as those of its stream reach, and the rest when they grow', async () => {
    const { peer } = await start()
    peer.send(call(1))
    await peer.next(FRAME.data)
    peer.send(setting(SETTING.initialWindow, 3), call(3, '1234567890'))
    expect(await dataOf(peer, 1)).toEqual([3])
    peer.send(word(FRAME.windowUpdate, 3, 2))
    expect(await dataOf(peer, 1)).toEqual([2])
    // Below zero, and up again (RFC 9113 section 6.9.2).
    peer.send(
      setting(SETTING.initialWindow, 0),
      word(FRAME.windowUpdate, 3, 3),
      setting(SETTING.initialWindow, 4),
    )
    expect(await dataOf(peer, 1)).toEqual([4])
    peer.send(word(FRAME.windowUpdate, 3, 1000))
    expect(await dataOf(peer, 1)).toEqual([6])
    expect((await peer.next(FRAME.headers)).flags).toBe(END_HEADERS | END_STREAM)
  })

  test('that of the connection is shared, and frames are no larger than the peer takes', async () => {
    const { peer } = await start()
    const large = '.'.repeat(40_000)
    const message = prefixed(Buffer.from(large))
    const send = (id: number) => {
      peer.send(headers(id))
      for (let at = 0; at < message.length; at += 16_384)
        peer.send(data(id, message.subarray(at, at + 16_384), at + 16_384 < message.length ? 0 : END_STREAM))
    }
    send(1)
    expect(await dataOf(peer, 3)).toEqual([16_384, 16_384, 7237])
    peer.send(setting(SETTING.maxFrame, 50_000))
    send(3)
    expect(await dataOf(peer, 1)).toEqual([65_535 - 40_005])
    peer.send(word(FRAME.windowUpdate, 0, 100_000))
    expect(await dataOf(peer, 1)).toEqual([40_005 - 25_530])
    send(5)
    expect(await dataOf(peer, 1)).toEqual([40_005])
    peer.send(setting(SETTING.maxFrame, 20_000))
    send(7)
    expect(await dataOf(peer, 3)).toEqual([20_000, 20_000, 5])
  })

  test('a large message gets as much room as it needs', async () => {
    const { peer } = await start()
    const message = prefixed(Buffer.alloc(99_000))
    peer.send(headers(1), ...[0, 1, 2].map((i) => data(1, message.subarray(i * 16_384, (i + 1) * 16_384), 0)))
    expect((await peer.next(FRAME.windowUpdate)).stream).toBe(0)
    const { stream, payload } = await peer.next(FRAME.windowUpdate)
    expect([stream, payload.readUInt32BE()]).toEqual([1, 2 * 16_384])
  })
})

describe('the end', () => {
  test('is announced, then said: calls on their way are taken, later ones are not, and all have their answers', async () => {
    const { handle, arrived, go } = held()
    const { peer, listener } = await start(handle)
    peer.send(call(1))
    await arrived
    const closed = listener.close(60_000)
    expect(await goAway(peer)).toEqual([2 ** 31 - 1, ERROR.none])
    const { payload } = await peer.next(FRAME.ping)
    // Sent before the peer read that.
    peer.send(call(3), frame(FRAME.ping, 1, 0, Buffer.alloc(8)), frame(FRAME.ping, 1, 0, payload), call(5))
    expect(await goAway(peer)).toEqual([3, ERROR.none])
    expect(await codeOf(peer)).toEqual([5, ERROR.refusedStream])
    go()
    expect((await peer.next(FRAME.data)).stream).toBe(1)
    expect((await peer.next(FRAME.data)).stream).toBe(3)
    await closed
    await expect(peer.next(FRAME.data)).rejects.toThrow('ended')
  })

  test('comes behind the reset of the last call', async () => {
    const { peer, listener } = await start()
    peer.send(headers(1), frame(FRAME.ping, 0, 0, Buffer.alloc(8)))
    await peer.next(FRAME.ping)
    void listener.close(60_000)
    const { payload } = await peer.next(FRAME.ping)
    peer.send(frame(FRAME.ping, 1, 0, payload), word(FRAME.windowUpdate, 1, 0))
    expect(await codeOf(peer)).toEqual([1, ERROR.protocol])
  })

  test('does not wait for a peer that does not answer the announcement', async () => {
    holdIntervals()
    const { peer, listener } = await start(echo, PATIENCE_MS)
    peer.send(call(1))
    await peer.next(FRAME.data)
    const closed = listener.close(60_000)
    expect(await goAway(peer)).toEqual([2 ** 31 - 1, ERROR.none])
    expect(await pass(goAway(peer))).toEqual([1, ERROR.none])
    await closed
  })

  test('does not wait for a peer that keeps its half open', async () => {
    holdIntervals()
    const { peer, listener } = await start(echo, PATIENCE_MS)
    peer.socket.allowHalfOpen = true
    peer.send(data(0, NOTHING))
    await goAway(peer)
    await pass(listener.close(60_000))
    expect(peer.socket.writable).toBe(true)
  })

  test('watches end with a status, answered calls do not wait for them', async () => {
    const { peer, listener } = await start()
    const path = Buffer.concat([
      Buffer.from([0x04, WATCH.headers[':path'].length]),
      Buffer.from(WATCH.headers[':path']),
    ])
    const block = Buffer.concat([
      BLOCK.subarray(0, 2),
      path,
      BLOCK.subarray(BLOCK.indexOf(Buffer.from('\0\x02te'))),
    ])
    peer.send(headers(1, END_HEADERS, block), data(1, prefixed(NOTHING)))
    expect((await peer.next(FRAME.data)).payload).toEqual(Buffer.from('00000000020802', 'hex'))
    void listener.close(60_000)
    const { flags, payload } = await peer.next(FRAME.headers)
    expect(flags).toBe(END_HEADERS | END_STREAM)
    expect(payload.toString('latin1')).toContain('the server ends')
  })

  test('a peer that is gone takes its calls with it', async () => {
    const { handle, arrived, go } = held()
    const { peer, isWell } = await start(handle)
    peer.send(call(1))
    await arrived
    peer.socket.destroy()
    await once(peer.socket, 'close')
    await turns(5)
    go()
    expect(await isWell()).toBe(true)
  })
})
