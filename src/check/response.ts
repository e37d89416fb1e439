import type { Answer, HeaderPair, ObservedAnswer, RefusingAnswer } from '../model.ts'
import type { WireCheckResponse, WireHeaderOption, WireStruct, WireValue } from './wire.ts'

/**
 * The choke point: the only place where an Answer becomes a CheckResponse.
 * To Envoy an empty or status-less response means ALLOW, and so does status 0 with a denied body; therefore 0 is
 * written only for the effects listed here and an explicit non-zero code for every other.
 */
const PASSES: ReadonlySet<unknown> = new Set<Answer['effect']>(['allow', 'monitor', 'observe'])

/** A refusal that passes knowingly: it says so, and holds the refusal that it would have been. */
export const isObserved = (answer: Answer): answer is ObservedAnswer =>
  answer.effect === 'observe' && typeof (answer.would as RefusingAnswer | undefined)?.status === 'number'

const OK = 0
const PERMISSION_DENIED = 7
const UNAUTHENTICATED = 16
const OVERWRITE_IF_EXISTS_OR_ADD = 2

export function toCheckResponse(answer: Answer): WireCheckResponse {
  const metadata = toStruct(answer.metadata)
  if (
    PASSES.has(answer.effect) &&
    'setHeaders' in answer &&
    (answer.effect !== 'observe' || isObserved(answer))
  ) {
    return {
      status: { code: OK },
      ok_response: {
        headers: answer.setHeaders.map(overwriting),
        headers_to_remove: answer.removeHeaders,
        response_headers_to_add: answer.responseHeaders.map((pair) =>
          LISTS.has(pair[0]) ? plain(pair) : overwriting(pair),
        ),
      },
      dynamic_metadata: metadata,
    }
  }
  // A member without a status cannot be written by hand-made types, but a denial must survive even that.
  const { status, headers, body } = 'status' in answer ? answer : { status: 403, headers: [], body: '' }
  return {
    status: { code: status === 401 ? UNAUTHENTICATED : PERMISSION_DENIED, message: answer.effect },
    denied_response: { status: { code: httpStatus(status) }, headers: headers.map(plain), body },
    dynamic_metadata: metadata,
  }
}

/** Anything that is no final HTTP status would be written as 0 or cut to 32 bits. */
function httpStatus(status: number): number {
  return Number.isInteger(status) && status >= 200 && status <= 599 ? status : 403
}

/** Response headers that are lists: the app's own stay beside them. Every other replaces (DPOP-17: one nonce). */
const LISTS: ReadonlySet<string> = new Set(['access-control-expose-headers'])

/** Identity headers must replace what the client sent on every Envoy: both members are needed for that. */
function overwriting([key, value]: HeaderPair): WireHeaderOption {
  return { header: { key, value }, append: { value: false }, append_action: OVERWRITE_IF_EXISTS_OR_ADD }
}

/** `append` stays unset: repeated WWW-Authenticate lines must all survive. */
function plain([key, value]: HeaderPair): WireHeaderOption {
  return { header: { key, value } }
}

function toStruct(metadata: Answer['metadata']): WireStruct {
  const fields: Record<string, WireValue> = {}
  for (const key of Object.keys(metadata)) fields[key] = toValue(metadata[key] ?? '')
  return { fields }
}

function toValue(value: string | number | readonly string[]): WireValue {
  if (typeof value === 'string') return { stringValue: value }
  if (typeof value === 'number') return { numberValue: value }
  return { listValue: { values: value.map((stringValue) => ({ stringValue })) } }
}
