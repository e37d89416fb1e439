/** What Envoy would make of an answer, read from its bytes. */
import { decodeResponse, type WireCheckResponse, type WireHeaderOption } from '../../../src/check/wire.ts'

export interface Told {
  readonly isPass: boolean
  /** Vigil itself has answered what may pass (RFC 9728): nobody else sees it. */
  readonly isReply: boolean
  readonly status: number
  readonly effect: string
  readonly reasons: readonly string[]
  /** Set on the request that goes on. */
  readonly set: readonly (readonly [string, string])[]
  readonly removed: readonly string[]
  /** Of the answer to the caller, or added to the application's. */
  readonly shown: readonly (readonly [string, string])[]
  readonly response: WireCheckResponse
}

/** @returns what is wrong with the form of the answer, or what it tells */
export function readAnswer(bytes: Buffer): Told | string {
  let response: WireCheckResponse
  try {
    response = decodeResponse(bytes)
  } catch {
    return 'the answer cannot be decoded'
  }
  const told = tellOf(response)
  return flawOf(bytes, told) ?? told
}

type Pairs = readonly (readonly [string, string])[]

const pairsOf = (list: readonly WireHeaderOption[] = []): Pairs =>
  list.map(({ header }) => [header.key, header.value] as const)

function tellOf(response: WireCheckResponse): Told {
  const { ok_response: ok, denied_response: denied, dynamic_metadata: metadata } = response
  const { effect, reasons } = metadata?.fields ?? {}
  const isPass = (response.status?.code ?? 0) === 0
  return {
    isPass,
    isReply: !isPass && ['allow', 'monitor'].includes(effect?.stringValue ?? ''),
    status: denied?.status?.code ?? 200,
    effect: effect?.stringValue ?? '',
    reasons: (reasons?.listValue?.values ?? []).map(({ stringValue = '' }) => stringValue),
    set: pairsOf(ok?.headers),
    removed: ok?.headers_to_remove ?? [],
    shown: [...pairsOf(denied?.headers), ...pairsOf(ok?.response_headers_to_add)],
    response,
  }
}

function flawOf(bytes: Buffer, { isPass, isReply, status, shown, response }: Told): string | undefined {
  // An explicit status stands there: `status` (field 1), of which an empty one says 0.
  if (bytes[0] !== 0x0a || response.status === undefined) return 'the answer has no status'
  const code = response.status.code ?? 0
  const { ok_response: ok, denied_response: denied } = response
  if (isPass !== (ok !== undefined) || isPass === (denied !== undefined))
    return `status ${code} with the wrong response`
  if (![0, 7, 16].includes(code)) return `status ${code}`
  const isPlain = isPass || isReply || (status >= 300 && status <= 599)
  return isPlain || isToldOtherwise(shown) ? undefined : `refused with HTTP ${status}`
}

/** gRPC and Connect tell refusals below HTTP 200. */
function isToldOtherwise(shown: Pairs): boolean {
  return shown.some(
    ([name, value]) =>
      (name === 'grpc-status' && value !== '0') ||
      (name === 'content-type' && value.startsWith('application/connect+')),
  )
}
