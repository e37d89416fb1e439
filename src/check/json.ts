import { REQUEST_FIELDS, refuseUnknownFields } from './json-fields.ts'
import type {
  WireCheckRequest,
  WireCheckResponse,
  WireHeaderOption,
  WirePeer,
  WireStruct,
  WireValue,
} from './wire.ts'

/** Protobuf JSON of CheckRequest and CheckResponse (both spellings of names are read, camelCase is written). */

type Json = Readonly<Record<string, unknown>>

/**
 * @throws TypeError with a sentence when the JSON has another shape than CheckRequest, or a field that it has not.
 */
export function requestFromJson(json: unknown): WireCheckRequest {
  refuseUnknownFields(json, REQUEST_FIELDS)
  const attributes = object(member(object(json, 'the request'), 'attributes'), 'attributes')
  const request = object(member(attributes, 'request') ?? {}, 'attributes.request')
  const http = member(request, 'http')
  const time = member(request, 'time')
  return {
    attributes: {
      source: peer(member(attributes, 'source'), 'source'),
      destination: peer(member(attributes, 'destination'), 'destination'),
      request: {
        ...(time === undefined ? {} : { time: timestamp(time) }),
        ...(http === undefined ? {} : { http: httpRequest(object(http, 'http')) }),
      },
      context_extensions: strings(member(attributes, 'contextExtensions'), 'contextExtensions'),
      metadata_context: { filter_metadata: metadata(member(attributes, 'metadataContext')) },
      tls_session: {
        sni: text(member(object(member(attributes, 'tlsSession') ?? {}, 'tlsSession'), 'sni'), 'sni'),
      },
    },
  }
}

function httpRequest(
  http: Json,
): NonNullable<NonNullable<NonNullable<WireCheckRequest['attributes']>['request']>['http']> {
  const map = member(http, 'headerMap')
  const field = (name: string) => text(member(http, name), `http.${name}`)
  return {
    id: field('id'),
    method: field('method'),
    path: field('path'),
    host: field('host'),
    scheme: field('scheme'),
    protocol: field('protocol'),
    headers: Object.entries(strings(member(http, 'headers'), 'http.headers')).map(([key, value]) => ({
      key,
      value,
    })),
    ...(map === undefined ? {} : { header_map: { headers: headerList(object(map, 'headerMap')) } }),
  }
}

function headerList(map: Json) {
  const list = member(map, 'headers') ?? []
  if (!Array.isArray(list)) throw new TypeError('headerMap.headers must be a list')
  return list.map((entry) => {
    const header = object(entry, 'headerMap.headers[]')
    const raw = member(header, 'rawValue')
    return {
      key: text(member(header, 'key'), 'key'),
      value: text(member(header, 'value'), 'value'),
      ...(raw === undefined ? {} : { raw_value: Buffer.from(text(raw, 'rawValue'), 'base64') }),
    }
  })
}

function peer(value: unknown, name: string): WirePeer {
  if (value === undefined) return {}
  const json = object(value, name)
  const address = object(member(json, 'address') ?? {}, `${name}.address`)
  const socket = object(member(address, 'socketAddress') ?? {}, `${name}.socketAddress`)
  const port = uint32(member(socket, 'portValue'), 'portValue')
  return {
    address: {
      socket_address: {
        address: text(member(socket, 'address'), 'address'),
        ...(port === undefined ? {} : { port_value: port }),
      },
    },
    principal: text(member(json, 'principal'), `${name}.principal`),
    certificate: text(member(json, 'certificate'), `${name}.certificate`),
  }
}

/** Protobuf JSON writes numbers as numbers or as decimal text. */
function uint32(value: unknown, name: string): number | undefined {
  if (value === undefined) return undefined
  const number = typeof value === 'string' && /^\d{1,10}$/.test(value) ? Number(value) : value
  if (typeof number === 'number' && Number.isInteger(number) && number >= 0 && number <= 0xffff_ffff)
    return number
  throw new TypeError(`${name} must be a whole number`)
}

function timestamp(value: unknown): { seconds: number; nanos: number } {
  const ms = typeof value === 'string' ? Date.parse(value) : Number.NaN
  if (Number.isNaN(ms)) throw new TypeError('request.time must be an RFC 3339 time')
  return { seconds: Math.floor(ms / 1000), nanos: (ms % 1000) * 1_000_000 }
}

function metadata(value: unknown): Record<string, WireStruct> {
  if (value === undefined) return {}
  const namespaces = object(
    member(object(value, 'metadataContext'), 'filterMetadata') ?? {},
    'filterMetadata',
  )
  return Object.fromEntries(
    Object.entries(namespaces).map(([name, fields]) => [name, toStruct(object(fields, name))]),
  )
}

function toStruct(json: Json): WireStruct {
  return { fields: Object.fromEntries(Object.entries(json).map(([key, value]) => [key, toValue(value)])) }
}

function toValue(value: unknown): WireValue {
  if (typeof value === 'string') return { stringValue: value }
  if (typeof value === 'number') return { numberValue: value }
  if (typeof value === 'boolean') return { boolValue: value }
  if (Array.isArray(value)) return { listValue: { values: value.map(toValue) } }
  if (typeof value === 'object' && value !== null) return { structValue: toStruct(value as Json) }
  return { nullValue: 0 }
}

/** A member by its camelCase or snake_case name; `null` reads as absent (protobuf JSON). */
function member(json: Json, camel: string): unknown {
  const snake = camel.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
  for (const name of [camel, snake]) {
    if (Object.hasOwn(json, name) && json[name] !== null) return json[name]
  }
  return undefined
}

function object(value: unknown, name: string): Json {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new TypeError(`${name} must be an object`)
  return value as Json
}

function text(value: unknown, name: string): string {
  if (value === undefined) return ''
  if (typeof value !== 'string') throw new TypeError(`${name} must be a string`)
  return value
}

function strings(value: unknown, name: string): Record<string, string> {
  if (value === undefined) return {}
  return Object.fromEntries(
    Object.entries(object(value, name)).map(([key, each]) => [key, text(each, `${name}.${key}`)]),
  )
}

/** CheckResponse -> protobuf JSON. */
export function responseToJson(response: WireCheckResponse): object {
  const { denied_response: denied, ok_response: ok } = response
  return {
    status: response.status,
    ...(denied === undefined
      ? {}
      : {
          deniedResponse: {
            status: denied.status,
            headers: denied.headers.map(headerToJson),
            body: denied.body,
          },
        }),
    ...(ok === undefined
      ? {}
      : {
          okResponse: {
            headers: ok.headers.map(headerToJson),
            headersToRemove: ok.headers_to_remove,
            responseHeadersToAdd: ok.response_headers_to_add.map(headerToJson),
          },
        }),
    dynamicMetadata: structToJson(response.dynamic_metadata),
  }
}

function headerToJson(option: WireHeaderOption): object {
  return {
    header: option.header,
    ...(option.append === undefined ? {} : { append: option.append.value }),
    ...(option.append_action === undefined ? {} : { appendAction: 'OVERWRITE_IF_EXISTS_OR_ADD' }),
  }
}

function structToJson(struct: WireStruct): object {
  return Object.fromEntries(
    Object.entries(struct.fields ?? {}).map(([key, value]) => [key, valueToJson(value)]),
  )
}

function valueToJson(value: WireValue): unknown {
  if (value.structValue !== undefined) return structToJson(value.structValue)
  if (value.listValue !== undefined) return (value.listValue.values ?? []).map(valueToJson)
  return value.stringValue ?? value.numberValue ?? value.boolValue ?? null
}
