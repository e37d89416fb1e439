import { Buffer } from 'node:buffer'
import type { FrameSink } from './frame-reader.ts'
import type { FrameWriter } from './frame-writer.ts'
import { HeaderBlock } from './header-block.ts'
import { LIMITS } from './limits.ts'
import { ERROR, Fault, FLAG, FRAME, MAX_STREAM, MAX_WINDOW } from './protocol.ts'
import type { Sender } from './sender.ts'
import { FIRST_GROWTH, OWN_SETTINGS, readSettings } from './settings.ts'
import type { Streams } from './streams.ts'

const NOTHING = Buffer.alloc(0)
const PING_BYTES = 8
const PRIORITY_BYTES = 5
/** Told to a peer before the end; its echo says that everything it sent before is here. */
const LAST_PING = Buffer.from('farewell')

/**
 * Reads the frames of one connection, one after the other (RFC 9113 section 6). What the peer may not do throws a Fault;
 * what concerns one call alone resets that.
 */
export class Dispatcher implements FrameSink {
  readonly #writer: FrameWriter
  readonly #sender: Sender
  readonly #streams: Streams
  readonly #onFarewell: () => void
  #hasSettings = false
  #block: HeaderBlock | undefined
  /** Within this patience. */
  #idleFrames = 0
  #resets = 0

  /** @param onFarewell the peer has read `farewell()` */
  constructor(writer: FrameWriter, sender: Sender, streams: Streams, onFarewell: () => void) {
    this.#writer = writer
    this.#sender = sender
    this.#streams = streams
    this.#onFarewell = onFarewell
  }

  /** The peer has said its preface and its SETTINGS. */
  get hasBegun(): boolean {
    return this.#hasSettings
  }

  greet(): void {
    this.#writer.frame(FRAME.settings, 0, 0, OWN_SETTINGS)
    this.#writer.word(FRAME.windowUpdate, 0, FIRST_GROWTH)
  }

  /** Section 6.8: calls that are on their way are still taken; how the peer says that it knows is told by `onFarewell`. */
  farewell(): void {
    this.#writer.goAway(MAX_STREAM, ERROR.none)
    this.#writer.frame(FRAME.ping, 0, 0, LAST_PING)
  }

  /** A patience is over. @throws Fault when a header block has waited for its end all the time */
  age(): void {
    this.#idleFrames = 0
    this.#resets = 0
    if (this.#block?.isOld === true) throw new Fault(ERROR.calm, 'a header block took too long to come')
    if (this.#block !== undefined) this.#block.isOld = true
  }

  frame(type: number, flags: number, stream: number, bytes: Buffer, at: number, end: number): void {
    if (!this.#hasSettings) {
      // Section 3.4.
      if (type !== FRAME.settings || (flags & FLAG.ack) !== 0) throw new Fault(ERROR.protocol, 'no SETTINGS')
      this.#hasSettings = true
    }
    // Section 6.10.
    const isBlock = type === FRAME.continuation && stream === this.#block?.stream
    if ((this.#block !== undefined || type === FRAME.continuation) && !isBlock)
      throw new Fault(ERROR.protocol, 'CONTINUATION without its block, or a block without it')
    this.#dispatch(type, flags, stream, bytes, at, end)
  }

  #dispatch(type: number, flags: number, stream: number, bytes: Buffer, at: number, end: number): void {
    switch (type) {
      case FRAME.data:
        return this.#data(flags, stream, bytes, at, end)
      case FRAME.headers:
        return this.#headers(flags, stream, bytes, at, end)
      case FRAME.continuation:
        return this.#continuation(flags, bytes, at, end)
      case FRAME.priority:
        return this.#priority(stream, bytes, at, end)
      case FRAME.reset:
        return this.#reset(stream, end - at)
      case FRAME.settings:
        return this.#settings(flags, stream, bytes, at, end)
      case FRAME.ping:
        return this.#ping(flags, stream, bytes, at, end)
      case FRAME.goAway:
        return this.#goAway(stream, end - at)
      case FRAME.windowUpdate:
        return this.#windowUpdate(stream, bytes, at, end)
      case FRAME.pushPromise:
        throw new Fault(ERROR.protocol, 'PUSH_PROMISE of a client')
      default:
        // Section 5.5: extensions are ignored.
        return this.#idle()
    }
  }

  #data(flags: number, stream: number, bytes: Buffer, at: number, end: number): void {
    if (stream === 0) throw new Fault(ERROR.protocol, 'DATA of no stream')
    const isLast = (flags & FLAG.endStream) !== 0
    const padding = (flags & FLAG.padded) === 0 ? 0 : paddingOf(bytes, at, end)
    const from = (flags & FLAG.padded) === 0 ? at : at + 1
    if (from === end - padding && !isLast) this.#idle()
    if (!this.#streams.data(stream, bytes, from, end - padding, end - at, isLast)) this.#idle()
  }

  #headers(flags: number, stream: number, bytes: Buffer, from: number, to: number): void {
    if (stream % 2 === 0) throw new Fault(ERROR.protocol, 'a stream that no client begins')
    let [at, end] = [from, to]
    if ((flags & FLAG.padded) !== 0) {
      end -= paddingOf(bytes, at, end)
      at++
    }
    if ((flags & FLAG.priority) !== 0) {
      if (end - at < PRIORITY_BYTES) throw new Fault(ERROR.frameSize, 'HEADERS without their priority')
      checkDependency(stream, bytes, at)
      at += PRIORITY_BYTES
    }
    const isLast = (flags & FLAG.endStream) !== 0
    if ((flags & FLAG.endHeaders) !== 0) return this.#head(stream, isLast, bytes, at, end)
    this.#block = new HeaderBlock(stream, isLast)
    this.#block.add(bytes, at, end)
  }

  #continuation(flags: number, bytes: Buffer, at: number, end: number): void {
    const block = this.#block as HeaderBlock
    block.add(bytes, at, end)
    if ((flags & FLAG.endHeaders) === 0) return
    this.#block = undefined
    const whole = block.whole()
    this.#head(block.stream, block.isLast, whole, 0, whole.length)
  }

  #head(stream: number, isLast: boolean, bytes: Buffer, at: number, end: number): void {
    if (!this.#streams.head(stream, isLast, bytes, at, end)) this.#idle()
  }

  /** Section 5.3.2: deprecated, and of no effect here. */
  #priority(stream: number, bytes: Buffer, at: number, end: number): void {
    if (stream === 0) throw new Fault(ERROR.protocol, 'PRIORITY of no stream')
    if (end - at !== PRIORITY_BYTES) throw new Fault(ERROR.frameSize, 'PRIORITY of a wrong size')
    checkDependency(stream, bytes, at)
    this.#idle()
  }

  #reset(stream: number, size: number): void {
    if (size !== 4) throw new Fault(ERROR.frameSize, 'RST_STREAM of a wrong size')
    if (this.#streams.isIdle(stream)) throw new Fault(ERROR.protocol, 'RST_STREAM of no stream')
    if (++this.#resets > LIMITS.resets) throw new Fault(ERROR.calm, 'too many resets')
    this.#streams.peerResets(stream)
  }

  #settings(flags: number, stream: number, bytes: Buffer, at: number, end: number): void {
    if (stream !== 0) throw new Fault(ERROR.protocol, 'SETTINGS of a stream')
    this.#idle()
    if ((flags & FLAG.ack) !== 0) {
      if (end !== at) throw new Fault(ERROR.frameSize, 'an acknowledgement with settings')
      return
    }
    const { maxFrame, initialWindow } = readSettings(bytes, at, end)
    // First, so that the peer knows by which settings what follows is sent.
    this.#writer.frame(FRAME.settings, FLAG.ack, 0, NOTHING)
    if (maxFrame !== undefined) this.#sender.maxFrame = maxFrame
    if (initialWindow !== undefined) this.#streams.resizeWindows(initialWindow)
  }

  #ping(flags: number, stream: number, bytes: Buffer, at: number, end: number): void {
    if (stream !== 0) throw new Fault(ERROR.protocol, 'PING of a stream')
    if (end - at !== PING_BYTES) throw new Fault(ERROR.frameSize, 'PING of a wrong size')
    this.#idle()
    const payload = bytes.subarray(at, end)
    if ((flags & FLAG.ack) === 0) this.#writer.frame(FRAME.ping, FLAG.ack, 0, payload)
    else if (payload.equals(LAST_PING)) this.#onFarewell()
  }

  /** The peer will not begin more. What it has begun is answered, and the connection is its to end. */
  #goAway(stream: number, size: number): void {
    if (stream !== 0) throw new Fault(ERROR.protocol, 'GOAWAY of a stream')
    if (size < 8) throw new Fault(ERROR.frameSize, 'GOAWAY of a wrong size')
    this.#idle()
  }

  #windowUpdate(stream: number, bytes: Buffer, at: number, end: number): void {
    if (end - at !== 4) throw new Fault(ERROR.frameSize, 'WINDOW_UPDATE of a wrong size')
    // Each may make many answers look for room.
    if (this.#sender.waiting > 0) this.#idle()
    const growth = bytes.readUInt32BE(at) & MAX_WINDOW
    if (stream !== 0) {
      if (!this.#streams.grow(stream, growth)) this.#idle()
      return
    }
    if (growth === 0) throw new Fault(ERROR.protocol, 'WINDOW_UPDATE of 0')
    this.#sender.grow(growth)
  }

  /** Something that asks for no answer of worth, or has this side reset a call (CVE-2025-8671). */
  #idle(): void {
    if (++this.#idleFrames > LIMITS.idleFrames + LIMITS.forgiven * this.#streams.answered)
      throw new Fault(ERROR.calm, 'too many frames that ask for nothing')
  }
}

/** Section 6.1. @throws Fault when it is all of the payload, or more */
function paddingOf(bytes: Buffer, at: number, end: number): number {
  const padding = at < end ? (bytes[at] ?? 0) : 0
  if (at + padding >= end) throw new Fault(ERROR.protocol, 'padding is all there is')
  return padding
}

/** RFC 7540 section 5.3.1: a stream that waits for itself. */
function checkDependency(stream: number, bytes: Buffer, at: number): void {
  if ((bytes.readUInt32BE(at) & MAX_STREAM) === stream)
    throw new Fault(ERROR.protocol, 'a stream depends on itself')
}
