/** W3C Trace Context section 3.2: version `ff` and ids of zeros only are invalid; later versions may say more behind. */
const TRACEPARENT = /^(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})(?:-|$)/

export interface TraceParent {
  readonly traceId: string
  readonly spanId: string
  /** Whoever called records this trace. */
  readonly isSampled: boolean
}

/** @returns undefined where there is no well-formed one: what is not understood is ignored (section 3.2.2.5). */
export function readTraceParent(text: string | undefined): TraceParent | undefined {
  const [, traceId, spanId, flags] = (text === undefined ? null : TRACEPARENT.exec(text)) ?? []
  if (traceId === undefined || spanId === undefined || flags === undefined) return undefined
  return { traceId, spanId, isSampled: (Number.parseInt(flags, 16) & 1) === 1 }
}
