import { ProtoWriter } from '../lib/protobuf/writer.ts'

/** A refusal as gRPC, gRPC-Web and Connect tell it. */
export interface RpcError {
  /** gRPC status code. */
  readonly code: number
  readonly message: string
  /** `reason` of google.rpc.ErrorInfo. */
  readonly reason: string
  /** What a program needs to answer: the same as stands in the challenge, and the decision id. */
  readonly metadata: Readonly<Record<string, string>>
  /** Whole seconds after which it may come back, as google.rpc.RetryInfo. */
  readonly waitSeconds: number | undefined
}

const PERMISSION_DENIED = 7

/** Envoy's own mapping makes 429 UNAVAILABLE, which clients retry at once, 400 INTERNAL and 413 UNKNOWN. */
const CODES: Readonly<Record<number, number>> = { 400: 3, 401: 16, 403: 7, 413: 8, 429: 8, 503: 14 }

export const rpcCode = (httpStatus: number): number => CODES[httpStatus] ?? PERMISSION_DENIED

/** Whose reasons these are: `domain` of google.rpc.ErrorInfo. */
export const ERROR_DOMAIN = 'vigil'
export const ERROR_INFO = 'google.rpc.ErrorInfo'
export const RETRY_INFO = 'google.rpc.RetryInfo'

const writer = new ProtoWriter()

/** google.rpc.Status with the details, as `grpc-status-details-bin` holds it. Fields are written last to first. */
export function statusDetails(error: RpcError): Buffer {
  writer.begin()
  if (error.waitSeconds !== undefined) writeAny(RETRY_INFO, () => writeRetryInfo(error.waitSeconds ?? 0))
  writeAny(ERROR_INFO, () => writeErrorInfo(error))
  writer.text(2, error.message)
  writer.uint(1, error.code)
  return writer.finish()
}

/** The bytes of one detail, as Connect tells it. */
export function errorInfo(error: RpcError): Buffer {
  writer.begin()
  writeErrorInfo(error)
  return writer.finish()
}

export function retryInfo(waitSeconds: number): Buffer {
  writer.begin()
  writeRetryInfo(waitSeconds)
  return writer.finish()
}

function writeAny(type: string, writeValue: () => void): void {
  const mark = writer.mark()
  const value = writer.mark()
  writeValue()
  writer.wrap(2, value)
  writer.text(1, `type.googleapis.com/${type}`)
  writer.wrap(3, mark)
}

function writeErrorInfo({ reason, metadata }: RpcError): void {
  for (const [key, value] of Object.entries(metadata).reverse()) {
    const mark = writer.mark()
    writer.text(2, value)
    writer.text(1, key)
    writer.wrap(3, mark)
  }
  writer.text(2, ERROR_DOMAIN)
  writer.text(1, reason)
}

/** google.protobuf.Duration of whole seconds. */
function writeRetryInfo(waitSeconds: number): void {
  const mark = writer.mark()
  writer.uint(1, waitSeconds)
  writer.wrap(1, mark)
}

/** Binary metadata of gRPC is base64 without padding. */
export const unpadded = (bytes: Buffer): string => bytes.toString('base64').replace(/=+$/, '')
