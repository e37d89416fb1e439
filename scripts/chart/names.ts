type Node = Record<string, unknown>

const isNode = (value: unknown): value is Node =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/**
 * Every closed map of a JSON Schema also lists its names: a validator that only says that a name is none keeps the right one
 * to itself, and both majors of Helm tell the list. What is valid stays the same.
 */
export function withNames(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withNames)
  if (!isNode(value)) return value
  // What stands here are values of users, and no schemas.
  const skipped = new Set(['default', 'enum', 'const', 'required'])
  const schema = Object.fromEntries(
    Object.entries(value).map(([key, member]) => [key, skipped.has(key) ? member : inside(key, member)]),
  )
  const { properties, additionalProperties } = value
  if (!isNode(properties) || additionalProperties !== false) return schema
  return { ...schema, propertyNames: { enum: Object.keys(properties) } }
}

/** Below `properties` and `$defs` stand names of users, which may be words of JSON Schema, too. */
function inside(key: string, member: unknown): unknown {
  if ((key !== 'properties' && key !== '$defs') || !isNode(member)) return withNames(member)
  return Object.fromEntries(Object.entries(member).map(([name, schema]) => [name, withNames(schema)]))
}
