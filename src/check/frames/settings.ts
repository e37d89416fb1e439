import { Buffer } from 'node:buffer'
import { LIMITS } from './limits.ts'
import {
  ERROR,
  Fault,
  FIRST_WINDOW,
  LEAST_MAX_FRAME,
  MAX_WINDOW,
  MOST_MAX_FRAME,
  SETTING,
} from './protocol.ts'

const SETTING_BYTES = 6

/** What this side asks for: the payload of its SETTINGS. */
export const OWN_SETTINGS = payloadOf([
  [SETTING.maxStreams, LIMITS.streams],
  [SETTING.maxHeaderList, LIMITS.headerListBytes],
])
/** By which the window of the connection is made as large as it is meant to be. */
export const FIRST_GROWTH = LIMITS.window - FIRST_WINDOW

function payloadOf(settings: readonly (readonly [number, number])[]): Buffer {
  const bytes = Buffer.alloc(SETTING_BYTES * settings.length)
  for (const [i, [name, value]] of settings.entries()) {
    bytes.writeUInt16BE(name, SETTING_BYTES * i)
    bytes.writeUInt32BE(value, SETTING_BYTES * i + 2)
  }
  return bytes
}

/** What matters of the peer's settings; absent: not said. */
export interface PeerSettings {
  initialWindow?: number
  maxFrame?: number
}

/** @throws Fault for a value that must not be (RFC 9113 section 6.5.2) */
export function readSettings(bytes: Buffer, from: number, end: number): PeerSettings {
  if ((end - from) % SETTING_BYTES !== 0) throw new Fault(ERROR.frameSize, 'SETTINGS of a wrong size')
  const settings: PeerSettings = {}
  for (let at = from; at < end; at += SETTING_BYTES) {
    const value = bytes.readUInt32BE(at + 2)
    switch (bytes.readUInt16BE(at)) {
      case SETTING.enablePush:
        if (value > 1) throw new Fault(ERROR.protocol, 'ENABLE_PUSH is neither 0 nor 1')
        break
      case SETTING.initialWindow:
        if (value > MAX_WINDOW) throw new Fault(ERROR.flowControl, 'INITIAL_WINDOW_SIZE is too large')
        settings.initialWindow = value
        break
      case SETTING.maxFrame:
        if (value < LEAST_MAX_FRAME || value > MOST_MAX_FRAME)
          throw new Fault(ERROR.protocol, 'MAX_FRAME_SIZE is out of bounds')
        settings.maxFrame = value
        break
      default: // Section 6.5.2: what is not known is ignored; answers use no header table and no push.
    }
  }
  return settings
}
