import type { Buffer } from 'node:buffer'
import type { MessageReader } from '../grpc/message.ts'
import type { Open } from '../open-calls.ts'
import { FIRST_WINDOW } from './protocol.ts'
import type { RequestHead } from './request-head.ts'

/** Answers a call whose one message has come. Must not throw. */
export type Method = (stream: Stream, message: Buffer) => void

/** One call, as far as both HTTP/2 and gRPC have to remember it. */
export class Stream implements Open {
  readonly id: number
  readonly head: RequestHead
  /** The peer has said its last. */
  isRemoteClosed = false
  /** Nothing is sent or taken any more. */
  isClosed = false

  /** How much the peer may still send, and how much it has (RFC 9113 section 5.2). */
  receiveWindow = FIRST_WINDOW
  bodyBytes = 0
  /** How much it may be sent; below zero when it changed its mind (section 6.9.2). */
  sendWindow: number
  hasHead = false
  /** What waits for a window, and the trailers behind it. */
  pending: Buffer | undefined = undefined
  lastBlock: Buffer | undefined = undefined
  /** It has had its patience once: the message does not come, or the answer is not taken. */
  isOld = false

  method: Method | undefined = undefined
  /** As long as the message is coming. */
  reader: MessageReader | undefined = undefined
  /** How much of it is kept. */
  heldBytes = 0
  /** Called when it is closed. */
  stop: (() => void) | undefined = undefined

  /** Among those that wait for a window. */
  isWaiting = false
  previous: Open | undefined = undefined
  next: Open | undefined = undefined

  constructor(id: number, head: RequestHead, sendWindow: number) {
    this.id = id
    this.head = head
    this.sendWindow = sendWindow
  }
}
