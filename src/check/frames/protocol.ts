/** Words of HTTP/2 (RFC 9113) that a server needs. */

/** Section 6. */
export const FRAME = {
  data: 0,
  headers: 1,
  priority: 2,
  reset: 3,
  settings: 4,
  pushPromise: 5,
  ping: 6,
  goAway: 7,
  windowUpdate: 8,
  continuation: 9,
} as const

export const FLAG = { endStream: 1, ack: 1, endHeaders: 4, padded: 8, priority: 32 } as const

/** Section 7. */
export const ERROR = {
  none: 0,
  protocol: 1,
  internal: 2,
  flowControl: 3,
  streamClosed: 5,
  frameSize: 6,
  refusedStream: 7,
  cancel: 8,
  compression: 9,
  calm: 11,
} as const
export type ErrorCode = (typeof ERROR)[keyof typeof ERROR]

/** Section 6.5.2. */
export const SETTING = {
  enablePush: 2,
  maxStreams: 3,
  initialWindow: 4,
  maxFrame: 5,
  maxHeaderList: 6,
} as const

export const PREFACE = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'
export const HEAD_BYTES = 9
/** What both sides begin with, and what a peer may send to this one all the time. */
export const LEAST_MAX_FRAME = 16_384
export const MOST_MAX_FRAME = 0xff_ffff
export const FIRST_WINDOW = 65_535
export const MAX_WINDOW = 0x7fff_ffff
export const MAX_STREAM = 0x7fff_ffff

/**
 * A connection error (section 5.4.1): the peer broke the protocol, or went too far. Thrown by what reads its bytes, caught
 * by the connection alone. The text is for tests and holds nothing of what the peer sent.
 */
export class Fault extends Error {
  readonly code: ErrorCode

  constructor(code: ErrorCode, text: string) {
    super(text)
    this.name = 'Fault'
    this.code = code
  }
}
