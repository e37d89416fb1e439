import { join } from 'node:path'
import { loadSync } from '@grpc/proto-loader'
import type { Undecoded } from '../lib/undecoded.ts'

/** The shapes of CheckRequest and CheckResponse, named as in envoy/protos; unset fields are absent. */

export interface WireAddress {
  readonly socket_address?: { readonly address?: string; readonly port_value?: number }
}

export interface WirePeer {
  readonly address?: WireAddress
  readonly principal?: string
  /** URL-encoded PEM. */
  readonly certificate?: string
}

export interface WireHttp {
  readonly id?: string
  readonly method?: string
  /** Entries of `map<string, string>`: a name stands once. */
  readonly headers?: WireHeader[]
  readonly header_map?: { readonly headers?: WireHeader[] }
  readonly path?: string
  readonly host?: string
  readonly scheme?: string
  readonly protocol?: string
}

export interface WireHeader {
  readonly key?: string
  readonly value?: string | Undecoded
  readonly raw_value?: Uint8Array
}

export interface WireStruct {
  readonly fields?: Readonly<Record<string, WireValue>>
}

export interface WireValue {
  readonly nullValue?: unknown
  readonly numberValue?: number
  readonly stringValue?: string
  readonly boolValue?: boolean
  readonly structValue?: WireStruct
  readonly listValue?: { readonly values?: readonly WireValue[] }
}

export interface WireRequest {
  readonly time?: { readonly seconds?: number; readonly nanos?: number }
  readonly http?: WireHttp
}

export interface WireAttributes {
  readonly source?: WirePeer
  readonly destination?: WirePeer
  readonly request?: WireRequest
  readonly context_extensions?: Readonly<Record<string, string>>
  readonly metadata_context?: { readonly filter_metadata?: Readonly<Record<string, WireStruct>> }
  readonly tls_session?: { readonly sni?: string }
}

export interface WireCheckRequest {
  readonly attributes?: WireAttributes
}

export interface WireHeaderOption {
  readonly header: { readonly key: string; readonly value: string }
  readonly append?: { readonly value: boolean }
  readonly append_action?: number
}

export interface WireCheckResponse {
  readonly status: { readonly code: number; readonly message?: string }
  readonly denied_response?: {
    readonly status: { readonly code: number }
    readonly headers: readonly WireHeaderOption[]
    readonly body: string
  }
  readonly ok_response?: {
    readonly headers: readonly WireHeaderOption[]
    readonly headers_to_remove: readonly string[]
    readonly response_headers_to_add: readonly WireHeaderOption[]
  }
  readonly dynamic_metadata: WireStruct
}

export const PROTO_ROOT = join(import.meta.dirname, '../../envoy/protos')

const definition = loadSync('envoy/service/auth/v3/external_auth.proto', {
  includeDirs: [PROTO_ROOT],
  keepCase: true,
  longs: Number,
  // Unset fields stay absent: a missing status must look missing.
  bytes: Buffer,
})

const service = definition['envoy.service.auth.v3.Authorization']
if (service === undefined || !('Check' in service))
  throw new Error('external_auth.proto holds no Authorization service')
const check = service['Check']

/** The gRPC method `/envoy.service.auth.v3.Authorization/Check`. */
export const CHECK_PATH = check.path

/** The other side's half of the codec: for Check clients and tests. */
export const encodeRequest = check.requestSerialize as (request: object) => Buffer
export const decodeResponse = check.responseDeserialize as (bytes: Buffer) => WireCheckResponse
