import { z } from 'zod'

/** What a schema is once defaults and optional markers are taken off. */
export interface Bare {
  readonly schema: z.core.$ZodType
  readonly isOptional: boolean
  /** As it would be written; absent when there is none. */
  readonly fallback: unknown
  readonly description: string | undefined
}

const WRAPPERS = new Set(['optional', 'default', 'prefault', 'nullable', 'readonly', 'nonoptional', 'catch'])

interface WrapperDef {
  readonly type: string
  readonly innerType: z.core.$ZodType
  readonly defaultValue?: unknown
}

/** The description nearest to the outside, because the place that uses a shared piece knows best what it is for. */
const describe = (schema: z.core.$ZodType): string | undefined => z.globalRegistry.get(schema)?.description

/** Takes defaults, optionality and descriptions off a schema. */
export function bare(schema: z.core.$ZodType): Bare {
  let current = schema
  let isOptional = false
  let fallback: unknown
  let description = describe(current)
  while (WRAPPERS.has(current._zod.def.type)) {
    const def = current._zod.def as unknown as WrapperDef
    if (def.type === 'optional') isOptional = true
    if (def.type === 'default' || def.type === 'prefault') {
      isOptional = true
      fallback ??= def.defaultValue
    }
    current = def.innerType
    description ??= describe(current)
  }
  return { schema: current, isOptional, fallback, description }
}

/** The members of a mapping, or undefined when the schema is none. */
export function membersOf(schema: z.core.$ZodType): Readonly<Record<string, z.core.$ZodType>> | undefined {
  const { schema: inner } = bare(schema)
  return inner instanceof z.core.$ZodObject ? inner._zod.def.shape : undefined
}

/** The alternatives of a union, or undefined. */
export function optionsOf(schema: z.core.$ZodType): readonly z.core.$ZodType[] | undefined {
  const { schema: inner } = bare(schema)
  return inner instanceof z.core.$ZodUnion ? inner._zod.def.options : undefined
}

/** The schema of every item of a list, or of every value of a mapping with free keys; else undefined. */
export function itemOf(schema: z.core.$ZodType): z.core.$ZodType | undefined {
  const { schema: inner } = bare(schema)
  if (inner instanceof z.core.$ZodArray) return inner._zod.def.element
  return inner instanceof z.core.$ZodRecord ? inner._zod.def.valueType : undefined
}

/** All schemas that may stand at a path: more than one below a union, none when the path leaves the schema. */
export function schemasAt(schema: z.core.$ZodType, path: readonly PropertyKey[]): z.core.$ZodType[] {
  const options = optionsOf(schema)
  if (options !== undefined) return options.flatMap((o) => schemasAt(o, path))
  const [head, ...rest] = path
  if (head === undefined) return [bare(schema).schema]
  const next = membersOf(schema)?.[String(head)] ?? itemOf(schema)
  return next === undefined ? [] : schemasAt(next, rest)
}

/** Every key that a mapping at this path may hold. */
export function keysAt(schema: z.core.$ZodType, path: readonly PropertyKey[]): string[] {
  return [...new Set(schemasAt(schema, path).flatMap((s) => Object.keys(membersOf(s) ?? {})))]
}
