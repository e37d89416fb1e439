/** Status codes of gRPC, as far as Vigil's transports say them (gRPC: doc/statuscodes.md). */
export const STATUS = {
  deadlineExceeded: 4,
  notFound: 5,
  resourceExhausted: 8,
  unimplemented: 12,
  internal: 13,
  unavailable: 14,
} as const

/** Why a call gets no message. The text is fixed: what a peer sent stands in none. */
export interface Refusal {
  readonly code: (typeof STATUS)[keyof typeof STATUS]
  /** Printable ASCII without `%`, so that it needs no encoding. */
  readonly text: string
  readonly headers?: Readonly<Record<string, string>>
}

export const UNKNOWN_METHOD: Refusal = { code: STATUS.unimplemented, text: 'unknown method' }
export const TOO_SLOW: Refusal = {
  code: STATUS.deadlineExceeded,
  text: 'the message took too long to come',
}
export const FAULT: Refusal = { code: STATUS.internal, text: 'the check failed' }
export const ENDED: Refusal = { code: STATUS.unavailable, text: 'the server ends' }

/** Of answers. */
export const CONTENT_TYPE = 'application/grpc+proto'

/** PROTOCOL-HTTP2: `application/grpc`, alone or with `+` and the form of the message; gRPC-Web is another protocol. */
const GRPC = /^application\/grpc(?:[+;]|$)/

export const isGrpc = (contentType = ''): boolean => GRPC.test(contentType)
