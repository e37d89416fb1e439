import { encodeRequest, type WireCheckRequest } from '../../src/check/wire.ts'

/** What a test wants to say of a request; everything else is plain. */
export interface RequestOptions {
  readonly method?: string
  readonly path?: string
  readonly host?: string
  readonly headers?: Readonly<Record<string, string>>
  /** Sent as `header_map` (raw bytes) instead of `headers`. */
  readonly rawHeaders?: readonly (readonly [string, string])[]
  readonly source?: {
    readonly ip?: string
    readonly port?: number
    readonly principal?: string
    readonly certificate?: string
  }
  readonly destination?: { readonly ip?: string; readonly port?: number; readonly principal?: string }
  readonly extensions?: Readonly<Record<string, string>>
  /** Envoy's stream id: the same id, time and source is Envoy's own retry. */
  readonly streamId?: string
  readonly time?: { readonly seconds: number; readonly nanos: number }
}

/** A CheckRequest as plain data, ready for `encodeRequest`. */
export function checkRequest(options: RequestOptions = {}): object {
  const { source, destination } = options
  return {
    attributes: {
      source: peer(
        source?.ip ?? '198.51.100.7',
        source?.port ?? 40_000,
        source?.principal,
        source?.certificate,
      ),
      destination: peer(destination?.ip ?? '192.0.2.10', destination?.port ?? 8443, destination?.principal),
      request: {
        time: options.time ?? { seconds: 1_790_000_000, nanos: 5 },
        http: {
          id: options.streamId ?? '1',
          method: options.method ?? 'GET',
          path: options.path ?? '/v1/items',
          host: options.host ?? 'api.example.com',
          scheme: 'https',
          protocol: 'HTTP/2',
          ...(options.rawHeaders === undefined
            ? { headers: options.headers ?? {} }
            : {
                header_map: {
                  headers: options.rawHeaders.map(([key, value]) => ({
                    key,
                    raw_value: Buffer.from(value, 'latin1'),
                  })),
                },
              }),
        },
      },
      ...(options.extensions === undefined ? {} : { context_extensions: options.extensions }),
    },
  }
}

function peer(address: string, port: number, principal = '', certificate = '') {
  return { address: { socket_address: { address, port_value: port } }, principal, certificate }
}

export const checkBytes = (options: RequestOptions = {}): Buffer => encodeRequest(checkRequest(options))

/** The bytes of a request in the decoder's shape, where the entries of a map are a list. */
export function wireBytes({ attributes = {} }: WireCheckRequest): Buffer {
  const { http } = attributes.request ?? {}
  if (http === undefined) return encodeRequest({ attributes })
  const headers = Object.fromEntries((http.headers ?? []).map(({ key = '', value = '' }) => [key, value]))
  return encodeRequest({
    attributes: { ...attributes, request: { ...attributes.request, http: { ...http, headers } } },
  })
}
