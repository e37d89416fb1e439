import { didYouMean } from '../lib/nearest.ts'

/**
 * The fields of a CheckRequest in protobuf JSON, also those that Vigil does not read: a misspelt one would be dropped in
 * silence, and the decision would be one about another request. `true`: a value, or a mapping of free names.
 */
interface Fields {
  readonly [name: string]: Fields | true
}

const ADDRESS: Fields = {
  socketAddress: {
    protocol: true,
    address: true,
    portValue: true,
    namedPort: true,
    resolverName: true,
    ipv4Compat: true,
    networkNamespaceFilepath: true,
  },
  pipe: { path: true, mode: true },
  envoyInternalAddress: { serverListenerName: true, endpointId: true },
}

const PEER: Fields = { address: ADDRESS, service: true, labels: true, principal: true, certificate: true }

const HTTP: Fields = {
  id: true,
  method: true,
  headers: true,
  path: true,
  host: true,
  scheme: true,
  query: true,
  fragment: true,
  size: true,
  protocol: true,
  body: true,
  rawBody: true,

  headerMap: { headers: { key: true, value: true, rawValue: true } },
}

const METADATA: Fields = { filterMetadata: true, typedFilterMetadata: true }

export const REQUEST_FIELDS: Fields = {
  attributes: {
    source: PEER,
    destination: PEER,
    request: { time: true, http: HTTP },
    contextExtensions: true,
    metadataContext: METADATA,
    tlsSession: { sni: true },
    routeMetadataContext: METADATA,
  },
}

/**
 * Refuses names that are no field, as the JSON mapping of protobuf does; both spellings are known.
 * @param where names the object in the message
 * @throws TypeError that names the nearest field
 */
export function refuseUnknownFields(json: unknown, fields: Fields, where = ''): void {
  // What is no object here is told by whoever reads it.
  if (typeof json !== 'object' || json === null) return
  if (Array.isArray(json)) {
    for (const item of json) refuseUnknownFields(item, fields, where)
    return
  }
  for (const [written, value] of Object.entries(json)) {
    const name = written.replace(/_([a-z0-9])/g, (_all, letter: string) => letter.toUpperCase())
    const inner = Object.hasOwn(fields, name) ? fields[name] : undefined
    const path = where === '' ? written : `${where}.${written}`
    if (inner === undefined)
      throw new TypeError(`unknown field ${path}${didYouMean(name, Object.keys(fields))}`)
    if (inner !== true) refuseUnknownFields(value, inner, path)
  }
}
