import type { Buffer } from 'node:buffer'
import { createInterner } from '../lib/interner.ts'
import { ProtoReader, type ReadField } from '../lib/protobuf/reader.ts'
import type {
  WireAddress,
  WireAttributes,
  WireCheckRequest,
  WireHeader,
  WireHttp,
  WirePeer,
  WireRequest,
  WireStruct,
  WireValue,
} from './wire.ts'

/**
 * CheckRequest by hand: proto-loader makes an object of every message and then a second one, and a string of every
 * header name (docs/performance.md). The numbers are those of envoy/protos; a differential test holds both decoders to
 * the same result. What nothing here reads is stepped over.
 * @throws when the bytes are no CheckRequest
 */
export function decodeRequest(bytes: Buffer): WireCheckRequest {
  return new ProtoReader(bytes).whole<Writable<WireCheckRequest>>({}, (request, field, reader) => {
    if (field === 1) request.attributes = reader.message({}, attributes)
    else reader.skip()
  })
}

type Writable<T> = { -readonly [K in keyof T]: T[K] }
type Field<T> = ReadField<Writable<T>>

const attributes: Field<WireAttributes> = (into, field, reader) => {
  if (field === 1) into.source = reader.message({}, peer)
  else if (field === 2) into.destination = reader.message({}, peer)
  else if (field === 4) into.request = reader.message({}, request)
  else if (field === 10) into.context_extensions = withEntry(into.context_extensions, reader, readText, '')
  else if (field === 11) into.metadata_context = reader.message({}, metadata)
  else if (field === 12) into.tls_session = reader.message({}, tlsSession)
  else reader.skip()
}

const peer: Field<WirePeer> = (into, field, reader) => {
  if (field === 1) into.address = reader.message({}, address)
  else if (field === 4) into.principal = reader.text()
  else if (field === 5) into.certificate = reader.text()
  else reader.skip()
}

const address: Field<WireAddress> = (into, field, reader) => {
  if (field === 1) into.socket_address = reader.message({}, socketAddress)
  else reader.skip()
}

const socketAddress: Field<NonNullable<WireAddress['socket_address']>> = (into, field, reader) => {
  if (field === 2) into.address = reader.text()
  else if (field === 3) into.port_value = reader.uint()
  else reader.skip()
}

const request: Field<WireRequest> = (into, field, reader) => {
  if (field === 1) into.time = reader.message({}, timestamp)
  else if (field === 2) into.http = reader.message({}, http)
  else reader.skip()
}

const timestamp: Field<NonNullable<WireRequest['time']>> = (into, field, reader) => {
  if (field === 1) into.seconds = reader.uint()
  else if (field === 2) into.nanos = reader.uint()
  else reader.skip()
}

const http: Field<WireHttp> = (into, field, reader) => {
  // Most fields of a request are its headers.
  if (field === 3) {
    into.headers ??= []
    into.headers.push(reader.message({ key: '', value: '' }, header))
  } else if (field === 1) into.id = reader.text()
  else if (field === 2) into.method = word(reader)
  else if (field === 4) into.path = reader.text()
  else if (field === 5) into.host = word(reader)
  else if (field === 6) into.scheme = word(reader)
  else if (field === 10) into.protocol = word(reader)
  else if (field === 13) into.header_map = reader.message({}, headerMap)
  else reader.skip()
}

const headerMap: Field<NonNullable<WireHttp['header_map']>> = (into, field, reader) => {
  if (field === 1) {
    into.headers ??= []
    into.headers.push(reader.message({}, header))
  } else reader.skip()
}

/** The same few names, methods and hosts come with every request. */
const words = createInterner(512)

/** A string that is likely to come again. */
function word(reader: ProtoReader): string {
  const start = reader.span()
  return words.textOf(reader.bytes, start, reader.pos)
}

/** An entry of `map<string, string> headers` has the first two fields of HeaderValue. */
const header: Field<WireHeader> = (into, field, reader) => {
  if (field === 1) into.key = word(reader)
  else if (field === 2) into.value = reader.undecoded()
  else if (field === 3) {
    const start = reader.span()
    into.raw_value = reader.bytes.subarray(start, reader.pos)
  } else reader.skip()
}

const tlsSession: Field<NonNullable<WireAttributes['tls_session']>> = (into, field, reader) => {
  if (field === 1) into.sni = reader.text()
  else reader.skip()
}

const metadata: Field<NonNullable<WireAttributes['metadata_context']>> = (into, field, reader) => {
  if (field === 1) into.filter_metadata = withEntry(into.filter_metadata, reader, readStruct, {})
  else reader.skip()
}

const readStruct = (reader: ProtoReader): WireStruct => reader.message({}, struct)

const struct: Field<WireStruct> = (into, field, reader) => {
  if (field === 1) into.fields = withEntry(into.fields, reader, readValue, {})
  else reader.skip()
}

const readValue = (reader: ProtoReader): WireValue =>
  reader.message<{ one: WireValue }>({ one: {} }, value).one

/** One of: the member that stands last is the one that counts. */
const value: ReadField<{ one: WireValue }> = (into, field, reader) => {
  if (field === 1) into.one = { nullValue: reader.uint() }
  else if (field === 2) into.one = { numberValue: reader.double() }
  else if (field === 3) into.one = { stringValue: reader.text() }
  else if (field === 4) into.one = { boolValue: reader.uint() !== 0 }
  else if (field === 5) into.one = { structValue: readStruct(reader) }
  else if (field === 6) into.one = { listValue: reader.message({}, list) }
  else reader.skip()
}

const list: ReadField<{ values?: WireValue[] }> = (into, field, reader) => {
  if (field === 1) {
    into.values ??= []
    into.values.push(readValue(reader))
  } else reader.skip()
}

const readText = (reader: ProtoReader): string => reader.text()

/** Adds one entry of a `map<string, V>`; a repeated key replaces (protobuf "Maps"). */
function withEntry<V>(
  known: Readonly<Record<string, V>> | undefined,
  reader: ProtoReader,
  read: (reader: ProtoReader) => V,
  absent: V,
): Record<string, V> {
  const entry = reader.message({ key: '', value: absent }, (into, field) => {
    if (field === 1) into.key = reader.text()
    else if (field === 2) into.value = read(reader)
    else reader.skip()
  })
  // A key is data: `__proto__` must become a member and not the prototype.
  return Object.fromEntries([...Object.entries(known ?? {}), [entry.key, entry.value]])
}
