/**
 * `npm test [-- --unit|--e2e|--release|--cluster] [--coverage] [jest arguments]`: lint, typecheck, then jest.
 * Ends with one line, `N passed, N failed, N skipped`; a failed lint, typecheck or tool fetch (CI) is one failure each.
 */
import { isTooOld, pinnedNode, runInstead } from '../bin/runtime.js'
import { isCi } from './root.ts'
import { failedBuild, failedChecks } from './test/checks.ts'
import { closingLine, type Row, renderTable, sum } from './test/count.ts'
import { runJest } from './test/jest.ts'
import { type Options, parseOptions } from './test/options.ts'
import { CLUSTER_TEST_TOOLS, ensureTools, RELEASE_TEST_TOOLS, TOOL_NAMES } from './tools/ensure.ts'

function main(options: Options): number {
  const broken: string[] = []
  if (options.phases.includes('e2e')) broken.push(...missingTools(TOOL_NAMES))
  if (options.phases.includes('release')) broken.push(...missingTools(RELEASE_TEST_TOOLS))
  // Pods run what is built, as an image would hold it.
  if (options.phases.includes('cluster')) broken.push(...missingTools(CLUSTER_TEST_TOOLS), ...failedBuild())
  if (options.isFull) broken.push(...failedChecks())
  const rows: Row[] = []
  for (const phase of options.phases) {
    const result = runJest(phase, options)
    rows.push(...result.rows)
    if (result.isBroken) broken.push(`jest (${phase})`)
  }
  if (rows.length === 0) broken.push('no test was found')
  return summarise(rows, broken)
}

/** In CI a tool that cannot be had is a failure; at home its tests are skipped, loudly. */
function missingTools(names: readonly string[]): string[] {
  const missing = ensureTools(names, console.log)
  return isCi() ? missing.map((name) => `tool ${name}`) : []
}

function summarise(rows: readonly Row[], broken: readonly string[]): number {
  console.log(`\n${renderTable(rows)}\n`)
  for (const name of broken) console.log(`FAILED: ${name}`)
  const missing = rows.reduce((count, row) => count + row.missingTool, 0)
  if (missing > 0)
    console.log(`*** ${missing} SKIPPED FOR WANT OF A TOOL: run \`npm run tools\` and read what it says ***`)
  const total = sum([...rows, { passed: 0, failed: broken.length, skipped: 0 }])
  console.log(closingLine(total))
  return total.failed === 0 && !(isCi() && missing > 0) ? 0 : 1
}

if (isTooOld()) runInstead(pinnedNode(), process.argv.slice(1))
else process.exitCode = main(parseOptions(process.argv.slice(2)))
