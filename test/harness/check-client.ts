import {
  type ChannelCredentials,
  Client,
  type ClientOptions,
  credentials,
  type ServiceError,
} from '@grpc/grpc-js'
import { CHECK_PATH, decodeResponse, type WireCheckResponse } from '../../src/check/wire.ts'
import { checkBytes, type RequestOptions } from './wire.ts'

/** Asks a running Vigil over gRPC, as Envoy does. */
export interface CheckClient {
  /** @throws ServiceError when the answer is a gRPC error instead of a CheckResponse */
  ask(request: RequestOptions | Buffer): Promise<Told>
  close(): void
}

/** A CheckResponse in the words of a test. */
export interface Told {
  readonly isPass: boolean
  /** What the caller gets: 200 stands for a pass. */
  readonly status: number
  /** From the dynamic metadata. */
  readonly effect: string
  readonly reasons: readonly string[]
  readonly rule: string | undefined
  readonly degraded: readonly string[]
  /** Of a refusal for the caller, of a pass for the caller's answer. */
  header(name: string): string | undefined
  /** What the upstream would see. */
  upstreamHeader(name: string): string | undefined
  readonly response: WireCheckResponse
}

const DEADLINE_MS = 30_000
const asIs = (bytes: Buffer) => bytes

/** One connection to this address, in plaintext unless told otherwise. */
export function openCheckClient(
  address: string,
  channel: ChannelCredentials = credentials.createInsecure(),
  options: ClientOptions = {},
): CheckClient {
  const client = new Client(address, channel, options)
  const ask = (request: RequestOptions | Buffer) =>
    new Promise<Told>((resolve, reject) => {
      const bytes = Buffer.isBuffer(request) ? request : checkBytes(request)
      const deadline = new Date(Date.now() + DEADLINE_MS)
      const settle = (error: ServiceError | null, answer?: Buffer) => {
        if (error || answer === undefined) reject(error ?? new Error('neither an answer nor an error'))
        else resolve(told(decodeResponse(answer)))
      }
      client.makeUnaryRequest(CHECK_PATH, asIs, asIs, bytes, { deadline }, settle)
    })
  return { ask, close: () => client.close() }
}

function told(response: WireCheckResponse): Told {
  const { status, ok_response: ok, denied_response: denied } = response
  const isPass = (status.code ?? 0) === 0
  const own = (isPass ? ok?.response_headers_to_add : denied?.headers) ?? []
  return {
    isPass,
    status: isPass ? 200 : (denied?.status.code ?? 0),
    effect: textIn(response, 'effect') ?? '',
    reasons: listIn(response, 'reasons'),
    rule: textIn(response, 'rule'),
    degraded: listIn(response, 'degraded'),
    header: (name) => own.find(({ header }) => header.key.toLowerCase() === name)?.header.value,
    upstreamHeader: (name) => ok?.headers.find(({ header }) => header.key === name)?.header.value,
    response,
  }
}

const valueIn = ({ dynamic_metadata: metadata }: WireCheckResponse, name: string) => metadata?.fields?.[name]

const textIn = (response: WireCheckResponse, name: string) => valueIn(response, name)?.stringValue

const listIn = (response: WireCheckResponse, name: string): string[] =>
  (valueIn(response, name)?.listValue?.values ?? []).flatMap(({ stringValue }) => stringValue ?? [])
