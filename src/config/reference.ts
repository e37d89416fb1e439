import { z } from 'zod'
import { policyFileSettings } from './schema/policy-file.ts'
import { settings } from './schema/settings.ts'
import { staticSettings } from './schema/static.ts'

/** The parts of JSON Schema that zod writes for our settings. */
export interface Schema {
  readonly type?: string | readonly string[]
  readonly description?: string
  readonly default?: unknown
  readonly enum?: readonly unknown[]
  readonly const?: unknown
  readonly properties?: Readonly<Record<string, Schema>>
  readonly required?: readonly string[]
  readonly items?: Schema
  readonly anyOf?: readonly Schema[]
  readonly oneOf?: readonly Schema[]
  readonly additionalProperties?: Schema | boolean
}

const options = { io: 'input', unrepresentable: 'any' } as const

/** JSON Schema (draft 2020-12) of `static.yaml`, from the same source as the validator. */
export const staticSchema = (): Record<string, unknown> => ({
  title: 'Vigil static.yaml',
  ...z.toJSONSchema(staticSettings, options),
})

/** The same of `policy/*.yaml`. */
export const policyFileSchema = (): Record<string, unknown> => ({
  title: 'Vigil policy/*.yaml',
  ...z.toJSONSchema(policyFileSettings, options),
})

/**
 * The same of `vigil.yaml`.
 * @param signals settings of all signals, which `risk` knows: below `risk.signals` each is read by its own schema
 */
export function dynamicSchema(signals: z.ZodObject): Record<string, unknown> {
  const { risk } = settings.shape
  const plain = risk.unwrap()
  const told = signals.prefault({}).describe(plain.shape.signals.description ?? '')
  const whole = settings.extend({
    risk: plain
      .extend({ signals: told })
      .prefault({})
      .describe(risk.description ?? ''),
  })
  return { title: 'Vigil vigil.yaml', ...z.toJSONSchema(whole, options) }
}

/** docs/configuration.md: every key with type, default and meaning. */
export function describeConfiguration(signals: z.ZodObject): string {
  return `# Configuration

Two files, because they live at two speeds. \`vigil.yaml\` says who may do what, and is [reloaded live](reload.md) with the
[rules of teams](policy.md#rules-in-several-files) in \`policy/*.yaml\` beside it;
\`static.yaml\` says how the process runs, and a change needs a restart. Every key has a default; unknown keys are errors
that name the nearest one. \`vigil config check FILE\` finds mistakes and prints the effective configuration. The JSON
Schemas for editors are [schema/vigil.schema.json](schema/vigil.schema.json),
[schema/policy.schema.json](schema/policy.schema.json) and [schema/static.schema.json](schema/static.schema.json): editors with the YAML language server complete and check a file
that begins with \`# yaml-language-server: $schema=PATH/vigil.schema.json\`. This page is written by \`npm run docs\`.

## vigil.yaml

${tableOf(dynamicSchema(signals) as Schema)}
## policy/*.yaml

The keys of \`rules[]\` are those of \`policy[]\` above.

${tableOf(withoutRules(policyFileSchema()) as Schema)}
## static.yaml

${tableOf(staticSchema() as Schema)}`
}

/** The rules of a file are told once. */
function withoutRules(schema: ReturnType<typeof policyFileSchema>): unknown {
  const { properties = {} } = schema as Schema
  const { rules, ...others } = properties
  return { ...schema, properties: { ...others, rules: { ...rules, items: { type: 'object' } } } }
}

/** A table of all keys of a schema. */
export function tableOf(root: Schema): string {
  const rows = rowsOf(root, '')
  return `| key | type | default | meaning |\n|---|---|---|---|\n${rows.map((row) => `${row}\n`).join('')}`
}

function rowsOf(schema: Schema, path: string): string[] {
  const rows: string[] = []
  for (const [key, member] of Object.entries(schema.properties ?? {})) {
    const at = path === '' ? key : `${path}.${key}`
    rows.push(rowOf(at, member, schema.required?.includes(key) ?? false))
    rows.push(...rowsOf(member, at))
    rows.push(...(member.anyOf ?? []).flatMap((variant) => rowsOf(variant, at)))
    if (member.items !== undefined)
      rows.push(...variantsOf(member.items).flatMap((item) => rowsOf(item, `${at}[]`)))
  }
  return rows
}

const variantsOf = (schema: Schema): readonly Schema[] => schema.oneOf ?? schema.anyOf ?? [schema]

function rowOf(path: string, schema: Schema, isRequired: boolean): string {
  const preset =
    schema.default === undefined ? (isRequired ? '**required**' : 'none') : presetOf(schema.default)
  return `| \`${path}\` | ${cell(typeOf(schema))} | ${cell(preset)} | ${cell(schema.description ?? '')} |`
}

/** A whole section's default is told key by key. */
function presetOf(value: unknown): string {
  const isSection = typeof value === 'object' && value !== null && !Array.isArray(value)
  return isSection && Object.keys(value).length > 1 ? '' : `\`${JSON.stringify(value)}\``
}

function typeOf(schema: Schema): string {
  if (schema.enum !== undefined) return schema.enum.map((word) => `\`${String(word)}\``).join(', ')
  if (schema.const !== undefined) return `\`${String(schema.const)}\``
  if (schema.type === 'array')
    return `list of ${schema.items === undefined ? 'values' : typeOf(schema.items)}`
  const variants = schema.anyOf ?? schema.oneOf
  if (variants !== undefined) return variants.map(typeOf).join(' or ')
  const { additionalProperties: values } = schema
  if (typeof values === 'object' && values.enum !== undefined) return `map of ${typeOf(values)}`
  return schema.type === 'object' ? 'map' : [schema.type ?? 'value'].flat().join(' or ')
}

const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll('\n', ' ')
