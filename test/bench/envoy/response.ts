/** An HTTP/1.1 response (RFC 9112) with a length, as far as a driver must read it. */
export interface HttpResponse {
  readonly status: number
  readonly head: string
  readonly body: string
}

const STATUS_AT = 'HTTP/1.1 '.length
const LENGTH = /\r\ncontent-length: *(\d+)/i

/** Undefined until all of it is there. @throws when it has no length: this reader knows no chunks. */
export function wholeResponse(bytes: Buffer): HttpResponse | undefined {
  const end = bytes.indexOf('\r\n\r\n')
  if (end === -1) return undefined
  const head = bytes.toString('latin1', 0, end)
  const length = LENGTH.exec(head)?.[1]
  if (length === undefined) throw new Error(`a response without a length:\n${head}`)
  const from = end + 4
  const until = from + Number(length)
  if (bytes.length < until) return undefined
  return {
    status: Number(head.slice(STATUS_AT, STATUS_AT + 3)),
    head,
    body: bytes.toString('utf8', from, until),
  }
}
