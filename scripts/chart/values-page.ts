import { type Schema, tableOf } from '../../src/config/reference.ts'
import { ownSchema } from './schema.ts'

/** docs/helm-values.md: every value of the chart with type, default and meaning. */
export function describeValues(): string {
  return `# Values of the Helm chart

Every value of [charts/vigil](../charts/vigil/values.yaml); [how to install](install.md) tells which of them you need. What
stands below \`config.static\`, \`config.dynamic\` and \`config.policy\` are the keys of [configuration.md](configuration.md):
the schema of the chart holds the service’s own, so Helm refuses a misspelt one. This page is written by \`npm run docs\`.

${tableOf(ownSchema() as Schema)}`
}
