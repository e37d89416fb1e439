import { fromJSON } from '@grpc/proto-loader'

/** google.rpc.Status and its details by proto-loader: what the encoder by hand is held against. */

const field = (type: string, id: number) => ({ type, id })
const call = (type: string) => ({ requestType: type, responseType: type, comment: '' })

/** The types know no maps. */
const MAP: ReturnType<typeof field> & { keyType: string } = { keyType: 'string', ...field('string', 3) }

const definition = fromJSON(
  {
    nested: {
      Any: { fields: { type_url: field('string', 1), value: field('bytes', 2) } },
      Duration: { fields: { seconds: field('int64', 1), nanos: field('int32', 2) } },
      Status: {
        fields: {
          code: field('int32', 1),
          message: field('string', 2),
          details: { rule: 'repeated', ...field('Any', 3) },
        },
      },
      ErrorInfo: {
        fields: {
          reason: field('string', 1),
          domain: field('string', 2),
          metadata: MAP,
        },
      },
      RetryInfo: { fields: { retry_delay: field('Duration', 1) } },
      Codec: {
        methods: { status: call('Status'), errorInfo: call('ErrorInfo'), retryInfo: call('RetryInfo') },
      },
    },
  },
  { keepCase: true, longs: Number, bytes: Buffer },
)
const codec = definition['Codec'] as unknown as Record<
  string,
  { requestSerialize(value: object): Buffer; requestDeserialize(bytes: Buffer): object }
>

export interface RpcStatus {
  readonly code: number
  readonly message: string
  readonly details: readonly { readonly type_url: string; readonly value: Buffer }[]
}

const of = (name: 'status' | 'errorInfo' | 'retryInfo') => {
  const method = codec[name]
  if (method === undefined) throw new Error(`no ${name}`)
  return method
}

export const encodeAs = (name: 'status' | 'errorInfo' | 'retryInfo', value: object): Buffer =>
  of(name).requestSerialize(value)

const TYPES = { ErrorInfo: 'errorInfo', RetryInfo: 'retryInfo' } as const

/** A `grpc-status-details-bin` as its reader sees it: each detail by the name of its type. */
export function readDetails(value: string): { code: number; message: string } & Record<string, unknown> {
  const status = of('status').requestDeserialize(Buffer.from(value, 'base64')) as RpcStatus
  const details = (status.details ?? []).map(({ type_url, value: bytes }) => {
    const name = type_url.slice(type_url.lastIndexOf('.') + 1) as keyof typeof TYPES
    return [name, of(TYPES[name]).requestDeserialize(bytes)] as const
  })
  return { code: status.code, message: status.message, ...Object.fromEntries(details) }
}
