import { globSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { parseAllDocuments } from 'yaml'
import type { SchemaIndex } from '../../../scripts/tools/schemas.ts'
import type { KubeObject } from './helm.ts'

/** Patterns of CRDs are Go's: `(?i)` holds to the end there, and JavaScript wants to be told where that is. */
const goPattern = Object.assign(
  (pattern: string, flags: string) => new RegExp(pattern.replace(/^\^\(\?i\)(.*)\$$/, '^(?i:$1)$'), flags),
  { code: 'new RegExp' },
)

type Json = { [key: string]: unknown }

/** Says what is wrong with an object, field by field; nothing is what an API server would take. */
export type Validate = (object: KubeObject) => string[]

/**
 * Checks objects as strictly as an API server that refuses unknown fields: built-in kinds by the OpenAPI documents of one
 * Kubernetes version, others by their CRDs. Rules written in CEL are not evaluated.
 */
export function strictly(index: string, version: string): Validate {
  const ajv = new Ajv2020({
    strict: false,
    allErrors: true,
    validateFormats: false,
    logger: false,
    code: { regExp: goPattern },
  })
  const kinds = new Map<string, string>()
  for (const [id, document] of documents(index, version)) {
    ajv.addSchema(closed(document) as Json, id)
    for (const [kind, pointer] of kindsOf(document)) kinds.set(kind, `${id}#${pointer}`)
  }
  return (object) => {
    const schema = kinds.get(`${object.apiVersion}/${object.kind}`)
    if (schema === undefined) return [`${object.apiVersion} ${object.kind} is no known kind`]
    const validate = ajv.getSchema(schema)
    if (validate === undefined) throw new Error(`no schema at ${schema}`)
    if (validate(object)) return []
    return (validate.errors ?? []).map(
      ({ instancePath, message, params }) => `${instancePath} ${message} ${JSON.stringify(params)}`,
    )
  }
}

/** Versions of Kubernetes whose schemas are there, oldest first. */
export const versionsOf = (index: string): string[] => Object.keys(read(index).kubernetes)

/** What they were taken from, for people. */
export const sourcesOf = (index: string): string[] => Object.keys(read(index).crds)

const read = (index: string) => JSON.parse(readFileSync(index, 'utf8')) as SchemaIndex

function* documents(index: string, version: string): Generator<[id: string, document: Json]> {
  const folder = dirname(index)
  const { kubernetes, crds } = read(index)
  const own = join(folder, kubernetes[version] ?? '')
  for (const file of globSync('*.json', { cwd: own }))
    yield [file, JSON.parse(readFileSync(join(own, file), 'utf8')) as Json]
  for (const name of Object.values(crds))
    for (const file of globSync('*.yaml', { cwd: join(folder, name) }))
      for (const document of parseAllDocuments(readFileSync(join(folder, name, file), 'utf8')))
        yield* versionsOfCrd(document.toJS() as KubeObject | null)
}

/** Each version of a CRD in the shape of an OpenAPI document. */
function* versionsOfCrd(crd: KubeObject | null): Generator<[id: string, document: Json]> {
  if (crd?.kind !== 'CustomResourceDefinition') return
  const { group, names, versions } = crd['spec']
  for (const { name: version, schema } of versions) {
    const own = { ...schema.openAPIV3Schema }
    own['x-kubernetes-group-version-kind'] = [{ group, version, kind: names.kind }]
    // What every object has, and a CRD leaves to the API server.
    own.properties = { apiVersion: {}, kind: {}, ...own.properties, metadata: { type: 'object' } }
    yield [`${group}-${version}-${names.kind}`, { components: { schemas: { own } } }]
  }
}

function kindsOf(document: Json): [kind: string, pointer: string][] {
  const { schemas } = (document['components'] ?? {}) as { schemas?: Record<string, Json> }
  return Object.entries(schemas ?? {}).flatMap(([name, schema]) => {
    const told = (schema['x-kubernetes-group-version-kind'] ?? []) as Record<string, string>[]
    return told.map(({ group, version, kind }): [string, string] => [
      `${group ? `${group}/` : ''}${version}/${kind}`,
      `/components/schemas/${name}`,
    ])
  })
}

/** The same schema, in which a field that it does not name is a mistake. */
function closed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(closed)
  if (typeof value !== 'object' || value === null) return value
  const schema = Object.fromEntries(
    Object.entries(value).map(([key, member]) => [key, closed(member)]),
  ) as Json
  // An allOf or anyOf says more about an object that is described elsewhere, and must not close it.
  for (const word of ['allOf', 'anyOf', 'oneOf', 'not'])
    if (word in schema) schema[word] = value[word as never]
  const isOpen = schema['x-kubernetes-preserve-unknown-fields'] === true || 'additionalProperties' in schema
  if (typeof schema['properties'] === 'object' && schema['type'] === 'object' && !isOpen)
    schema['additionalProperties'] = false
  return schema
}
