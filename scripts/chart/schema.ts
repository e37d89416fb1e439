import { z } from 'zod'
import { dynamicSchema, policyFileSchema, staticSchema } from '../../src/config/reference.ts'
import { MOVED, withMoved } from './moved.ts'
import { withNames } from './names.ts'
import { values } from './values.ts'

interface Node {
  properties?: Record<string, Node>
  additionalProperties?: unknown
  [key: string]: unknown
}

const OPTIONS = { io: 'input', unrepresentable: 'any' } as const

/** The schema of the chart's own values, without the service's. */
export const ownSchema = (): Node => z.toJSONSchema(values, OPTIONS) as Node

/**
 * charts/vigil/values.schema.json: what the service itself validates with stands below `config`, so that Helm refuses
 * a misspelt rule before anything reaches the cluster.
 * @param signals settings of all risk signals
 */
export function valuesSchema(signals: z.ZodObject): Node {
  const schema = ownSchema()
  const config = schema.properties?.['config']?.properties
  if (config === undefined) throw new Error('the values have no section config')
  config['static'] = own(staticSchema(), config['static'])
  config['dynamic'] = own(dynamicSchema(signals), config['dynamic'])
  config['policy'] = { ...config['policy'], additionalProperties: own(policyFileSchema(), undefined) }
  return { title: 'Values of the chart vigil', ...(withNames(withMoved(schema, MOVED)) as Node) }
}

/** The words of the chart about a file of the service, and the service's schema of it. */
function own({ $schema, title, ...schema }: Record<string, unknown>, told: Node | undefined): Node {
  const { description, default: preset } = told ?? {}
  return {
    ...(description === undefined ? {} : { description }),
    ...(preset === undefined ? {} : { default: preset }),
    ...schema,
  }
}
