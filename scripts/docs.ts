import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { listTable } from '../envoy/demo/list.ts'
import { STORY } from '../envoy/demo/scenes/story.ts'
import { describeFailures } from '../src/cli/describe-failures.ts'
import {
  describeConfiguration,
  dynamicSchema,
  policyFileSchema,
  staticSchema,
} from '../src/config/reference.ts'
import { describeVariables } from '../src/policy/index.ts'
import { describeSignals, discoverSignals, signalsSettings } from '../src/risk/index.ts'
import { describeMetrics } from '../src/telemetry/describe.ts'
import {
  faultTable,
  MACHINE_HEAD,
  machineTable,
  readFigures,
  recoveryPicture,
  TABLE_HEAD,
} from '../test/chaos/page.ts'
import { MATRIX_HEAD, matrixTable } from './chart/matrix.ts'
import { MOVED, movedFile } from './chart/moved.ts'
import { valuesSchema } from './chart/schema.ts'
import { valuesFile } from './chart/values-file.ts'
import { describeValues } from './chart/values-page.ts'
import { describeConformance } from './conformance.ts'
import { dashboard } from './dashboard/dashboard.ts'
import { figurePages } from './pictures/pages.ts'
import { ROOT } from './root.ts'

/** A page, or the table inside a page, that is written from the code. */
interface Page {
  readonly file: string
  /** @param current the page as it stands */
  readonly generate: (current: string) => string
}

const signals = await discoverSignals()
const settings = signalsSettings(signals)

/** Every generated page; a test for each compares what is committed. */
export const PAGES: readonly Page[] = [
  { file: 'docs/conditions.md', generate: () => describeVariables() },
  { file: 'docs/signals.md', generate: () => describeSignals(signals) },
  { file: 'docs/metrics.md', generate: () => describeMetrics() },
  { file: 'docs/configuration.md', generate: () => describeConfiguration(settings) },
  { file: 'docs/schema/vigil.schema.json', generate: () => json(dynamicSchema(settings)) },
  { file: 'docs/schema/policy.schema.json', generate: () => json(policyFileSchema()) },
  { file: 'docs/schema/static.schema.json', generate: () => json(staticSchema()) },
  { file: 'charts/vigil/values.schema.json', generate: () => json(valuesSchema(settings)) },
  { file: 'charts/vigil/values.yaml', generate: () => valuesFile() },
  { file: 'charts/vigil/files/moved.yaml', generate: () => movedFile(MOVED) },
  { file: 'docs/helm-values.md', generate: () => describeValues() },
  { file: 'docs/attach.md', generate: (page) => withTable(page, MATRIX_HEAD, matrixTable()) },
  { file: 'docs/conformance.md', generate: () => describeConformance() },
  { file: 'docs/failures.md', generate: (page) => withTable(page, '| code |', describeFailures()) },
  { file: 'docs/reliability.md', generate: reliability },
  { file: 'docs/figures/chaos.svg', generate: () => recoveryPicture(readFigures()) },
  { file: 'charts/vigil/files/dashboard.json', generate: () => dashboard() },
  { file: 'envoy/demo/README.md', generate: (page) => withTable(page, '| scene |', listTable(STORY)) },
  ...(await figurePages()),
]

const json = (value: unknown) => `${JSON.stringify(value, null, 2)}\n`

function reliability(page: string): string {
  const figures = readFigures()
  const measured = withTable(page, MACHINE_HEAD, machineTable(figures))
  return withTable(measured, TABLE_HEAD, faultTable(figures))
}

/** Replaces the table that begins with `head`, up to the next empty line. */
function withTable(page: string, head: string, table: string): string {
  const start = page.indexOf(head)
  if (start === -1) throw new Error(`no table that begins with ${head}`)
  const end = page.indexOf('\n\n', start)
  return page.slice(0, start) + table.trimEnd() + (end === -1 ? '\n' : page.slice(end))
}

/** Writes what is not current, or with --check only tells; the exit code is 1 when something is not current. */
function main(argv: readonly string[]): number {
  const isCheck = argv.includes('--check')
  let stale = 0
  for (const { file, generate } of PAGES) {
    const path = join(ROOT, file)
    const current = existsSync(path) ? readFileSync(path, 'utf8') : ''
    const next = generate(current)
    if (next === current) continue
    stale++
    if (!isCheck) writeFileSync(path, next)
    process.stdout.write(`${file} ${isCheck ? 'is not current: run npm run docs' : 'written'}\n`)
  }
  return isCheck && stale > 0 ? 1 : 0
}

if (import.meta.main) process.exitCode = main(process.argv.slice(2))
