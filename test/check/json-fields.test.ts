import { loadSync } from '@grpc/proto-loader'
import { describe, expect, test } from '@jest/globals'
import { REQUEST_FIELDS, refuseUnknownFields } from '../../src/check/json-fields.ts'
import { PROTO_ROOT } from '../../src/check/wire.ts'

interface Message {
  readonly name: string
  readonly field: readonly { readonly name: string; readonly typeName: string }[]
  readonly nestedType?: readonly Message[]
}

/** Every message of the protos by the last part of its name, which is theirs alone. */
const messages = new Map<string, Message>()
const collect = (message: Message) => {
  messages.set(message.name, message)
  for (const nested of message.nestedType ?? []) collect(nested)
}
for (const [name, found] of Object.entries(
  loadSync('envoy/service/auth/v3/external_auth.proto', { includeDirs: [PROTO_ROOT] }),
))
  if (!name.startsWith('google.') && 'type' in found) collect(found.type as Message)

/** `attributes.request.http.method`, … of every field below a message; a map's keys are no fields of Envoy. */
function namesOf(message: string): string[] {
  return (messages.get(message)?.field ?? []).flatMap(({ name, typeName }) => {
    const inner = namesOf(typeName.split('.').at(-1) ?? '')
    const isMap = inner.join() === 'key,value'
    return [name, ...(isMap ? [] : inner.map((each) => `${name}.${each}`))]
  })
}

const isKnown = (path: string) => {
  const json = path.split('.').reduceRight<unknown>((inner, name) => ({ [name]: inner }), 'x')
  try {
    refuseUnknownFields(json, REQUEST_FIELDS)
    return true
  } catch {
    return false
  }
}

test('every field of the protos is one', () => {
  const names = namesOf('CheckRequest')
  expect(names).toContain('attributes.request.http.rawBody')
  expect(names.length).toBeGreaterThan(50)
  expect(names.filter((name) => !isKnown(name))).toEqual([])
})

describe('what is none is refused with the nearest one', () => {
  test.each<[object, string]>([
    [{ atributes: {} }, 'unknown field atributes; did you mean "attributes"?'],
    [
      { attributes: { request: { http: { methd: 'GET' } } } },
      'unknown field attributes.request.http.methd; did you mean "method"?',
    ],
    [
      { attributes: { source: { adress: {} } } },
      'unknown field attributes.source.adress; did you mean "address"?',
    ],
    [
      { attributes: { tls_session: { snii: '' } } },
      'unknown field attributes.tls_session.snii; did you mean "sni"?',
    ],
    [
      { attributes: { request: { http: { header_map: { headers: [{ key: 'a' }, { raw_valeu: '' }] } } } } },
      'unknown field attributes.request.http.header_map.headers.raw_valeu; did you mean "rawValue"?',
    ],
    [{ attributes: { constructor: {} } }, 'unknown field attributes.constructor'],
    [{ attributes: { xyz: 1 } }, 'unknown field attributes.xyz'],
  ])('%j', (json, message) => {
    expect(() => refuseUnknownFields(json, REQUEST_FIELDS)).toThrow(new TypeError(message))
  })

  test('names that are free stay free', () => {
    const attributes = {
      source: { labels: { methd: 'x' } },
      request: { http: { headers: { methd: 'x' } } },
      context_extensions: { methd: 'x' },
      metadataContext: { filterMetadata: { methd: { x: 1 } } },
    }
    expect(() => refuseUnknownFields({ attributes }, REQUEST_FIELDS)).not.toThrow()
  })
})
