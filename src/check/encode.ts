import type { Buffer } from 'node:buffer'
import { ProtoWriter } from '../lib/protobuf/writer.ts'
import type { WireCheckResponse, WireHeaderOption, WireStruct, WireValue } from './wire.ts'

/**
 * CheckResponse by hand, the same bytes as proto-loader's encoder makes (a differential test): most of an answer is the
 * same for every check, above all the fifty names of headers that are removed. Fields are written last to first, see
 * ProtoWriter.
 */
const writer = new ProtoWriter()

/** @throws when the response has members of another type than theirs. */
export function encodeResponse(response: WireCheckResponse): Buffer {
  const { status, denied_response: denied, ok_response: ok } = response
  writer.begin()
  const metadata = writer.mark()
  writeStruct(response.dynamic_metadata)
  writer.wrap(4, metadata)
  if (ok !== undefined) writeOk(ok)
  if (denied !== undefined) writeDenied(denied)
  const mark = writer.mark()
  if (status.message !== undefined) writer.text(2, status.message)
  writer.uint(1, status.code)
  writer.wrap(1, mark)
  return writer.finish()
}

function writeOk(ok: NonNullable<WireCheckResponse['ok_response']>): void {
  const mark = writer.mark()
  writeHeaders(6, ok.response_headers_to_add)
  writer.raw(encodedNames(ok.headers_to_remove))
  writeHeaders(2, ok.headers)
  writer.wrap(3, mark)
}

function writeDenied(denied: NonNullable<WireCheckResponse['denied_response']>): void {
  const mark = writer.mark()
  writer.text(3, denied.body)
  writeHeaders(2, denied.headers)
  const status = writer.mark()
  writer.uint(1, denied.status.code)
  writer.wrap(1, status)
  writer.wrap(2, mark)
}

function writeHeaders(field: number, headers: readonly WireHeaderOption[]): void {
  for (let i = headers.length - 1; i >= 0; i--) {
    const option = headers[i]
    if (option === undefined) continue
    const mark = writer.mark()
    if (option.append_action !== undefined) writer.uint(3, option.append_action)
    if (option.append !== undefined) {
      const append = writer.mark()
      writer.uint(1, option.append.value ? 1 : 0)
      writer.wrap(2, append)
    }
    const header = writer.mark()
    writer.text(2, option.header.value)
    writer.text(1, option.header.key)
    writer.wrap(1, header)
    writer.wrap(field, mark)
  }
}

/** The same list object comes with every answer of its kind, so its bytes are kept beside it. */
const encoded = new WeakMap<readonly string[], Uint8Array>()

function encodedNames(names: readonly string[]): Uint8Array {
  const known = encoded.get(names)
  if (known !== undefined) return known
  const own = new ProtoWriter()
  for (let i = names.length - 1; i >= 0; i--) own.text(5, names[i] ?? '')
  const bytes = own.finish()
  encoded.set(names, bytes)
  return bytes
}

function writeStruct({ fields = {} }: WireStruct): void {
  const keys = Object.keys(fields)
  for (let i = keys.length - 1; i >= 0; i--) {
    const key = keys[i] ?? ''
    const mark = writer.mark()
    writeValue(2, fields[key] ?? {})
    writer.text(1, key)
    writer.wrap(1, mark)
  }
}

/** Answers tell texts, numbers and lists of texts. */
function writeValue(field: number, value: WireValue): void {
  const mark = writer.mark()
  if (value.stringValue !== undefined) writer.text(3, value.stringValue)
  else if (value.numberValue !== undefined) writer.double(2, value.numberValue)
  else if (value.listValue !== undefined) writeList(value.listValue.values ?? [])
  else throw new TypeError('a kind of value that no answer has')
  writer.wrap(field, mark)
}

function writeList(values: readonly WireValue[]): void {
  const mark = writer.mark()
  for (let i = values.length - 1; i >= 0; i--) writeValue(1, values[i] ?? {})
  writer.wrap(6, mark)
}
