import { connect, type Socket } from 'node:net'
import type { AnswerKind } from '../kinds.ts'

export interface Response {
  readonly answer: AnswerKind
  /** A nonce to be used from now on. */
  readonly nonce: string | undefined
}

export type OnResponse = (response: Response) => void

const HEAD_END = Buffer.from('\r\n\r\n')
const BROKEN: Response = { answer: 'broken', nonce: undefined }

/** One HTTP/1.1 connection with one request at a time. node:http would cost as much as what is under load. */
export class Connection {
  readonly #socket: Socket
  readonly #onIdle: (connection: Connection) => void
  #onResponse: OnResponse | undefined
  #rest: Buffer = Buffer.alloc(0)
  isOpen = true

  /** @param onIdle told when the next request may be sent */
  constructor(port: number, onIdle: (connection: Connection) => void) {
    this.#onIdle = onIdle
    this.#socket = connect({ port, host: '127.0.0.1', noDelay: true })
    this.#socket.on('data', (chunk: Buffer) => this.#take(chunk))
    this.#socket.on('error', () => this.close())
    this.#socket.on('close', () => this.close())
  }

  send(request: string, onResponse: OnResponse): void {
    this.#onResponse = onResponse
    this.#socket.write(request, 'latin1')
  }

  /** Ends it; a request that waits is broken. */
  close(): void {
    this.isOpen = false
    this.#socket.destroy()
    this.#settle(BROKEN)
  }

  #take(chunk: Buffer): void {
    this.#rest = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk])
    const headEnd = this.#rest.indexOf(HEAD_END)
    if (headEnd < 0) return
    const head = this.#rest.toString('latin1', 0, headEnd + 2)
    const end = headEnd + HEAD_END.length + Number(headerOf(head, 'content-length') ?? 0)
    if (this.#rest.length < end) return
    this.#rest = this.#rest.subarray(end)
    this.#settle({ answer: answerOf(head), nonce: headerOf(head, 'dpop-nonce') })
    if (headerOf(head, 'connection') === 'close') this.close()
    else this.#onIdle(this)
  }

  #settle(response: Response): void {
    const tell = this.#onResponse
    this.#onResponse = undefined
    tell?.(response)
  }
}

/** Names come in lower case from Envoy. */
function headerOf(head: string, name: string): string | undefined {
  const at = head.indexOf(`\r\n${name}: `)
  if (at < 0) return undefined
  const from = at + name.length + 4
  return head.slice(from, head.indexOf('\r\n', from))
}

/** @param head status line and headers, each with its line end */
export function answerOf(head: string): AnswerKind {
  const status = Number(head.slice(9, 12))
  if (status === 200) return headerOf(head, 'x-degraded') === undefined ? 'passed' : 'degraded'
  // Envoy’s own answers are plain text.
  if (headerOf(head, 'content-type') !== 'application/problem+json') return 'envoy'
  if (status === 503) return headerOf(head, 'retry-after') === undefined ? 'envoy' : 'unavailable'
  if (status === 429) return 'throttled'
  if (status === 401 && headerOf(head, 'www-authenticate')?.includes('use_dpop_nonce')) return 'nonce'
  return status >= 400 && status < 500 ? 'refused' : 'envoy'
}
