import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'yaml'
import { z } from 'zod'
import { ROOT } from '../root.ts'

const cell = z.strictObject({ given: z.boolean(), how: z.string().optional() })

const matrix = z.strictObject({
  attachments: z.record(z.string(), z.string()),
  targets: z.record(z.string(), z.array(z.string())),
  targetGroups: z.record(z.string(), z.string()),
  capabilities: z.record(
    z.string(),
    z.strictObject({
      what: z.string(),
      /** What else tells Vigil the same; only where a configuration can need it. */
      instead: z.string().optional(),
      istio: cell,
      envoyFilter: cell,
      envoyGateway: cell,
      plain: cell,
    }),
  ),
})

type Cell = z.infer<typeof cell>

/** What an Envoy tells Vigil, by the way in which it is attached. */
export const readMatrix = () =>
  matrix.parse(parse(readFileSync(join(ROOT, 'charts/vigil/files/attachments.yaml'), 'utf8')))

export const MATRIX_HEAD = '| what an Envoy tells |'

/** The table of docs/attach.md. */
export function matrixTable(): string {
  const { attachments, capabilities } = readMatrix()
  const names = Object.keys(attachments) as ('istio' | 'envoyFilter' | 'envoyGateway' | 'plain')[]
  const lines = Object.values(capabilities).map(
    (row) => `| ${row.what} | ${names.map((name) => shown(row[name])).join(' | ')} |`,
  )
  const head = [MATRIX_HEAD, ...Object.values(attachments).map((title) => `${title} |`)].join(' ')
  return [head, `|---|${names.map(() => '---|').join('')}`, ...lines].join('\n')
}

const shown = ({ given, how }: Cell): string =>
  [given ? 'yes' : 'no', ...(how === undefined ? [] : [how])].join(': ')
