import { relative, sep } from 'node:path'

/** The part of jest's JSON report that is read here. */
export type JestReport = {
  testResults: {
    name: string
    status: string
    assertionResults: { status: string; fullName: string }[]
  }[]
}

export type Tally = { passed: number; failed: number; skipped: number }

/** One line of the table: a top-level folder of `test/`. */
export type Row = Tally & { folder: string; files: number; missingTool: number }

/** In the name of every test that stands in for tests whose tool is missing (test/harness/tools.ts). */
export const MISSING_TOOL_MARK = '[npm run tools]'

/** Counts one jest report per top-level folder of `testRoot`. A file that could not run at all is one failure. */
export function countByFolder(report: JestReport, testRoot: string): Row[] {
  const rows = new Map<string, Row>()
  for (const file of report.testResults) {
    const parts = relative(testRoot, file.name).split(sep)
    const folder = parts.length > 1 ? (parts[0] ?? '') : '.'
    const row = rows.get(folder) ?? { folder, files: 0, passed: 0, failed: 0, skipped: 0, missingTool: 0 }
    rows.set(folder, row)
    countFile(row, file)
  }
  return [...rows.values()].sort((a, b) => a.folder.localeCompare(b.folder))
}

function countFile(row: Row, file: JestReport['testResults'][number]): void {
  row.files += 1
  const failedBefore = row.failed
  for (const { status, fullName } of file.assertionResults) {
    if (status === 'passed') row.passed += 1
    else if (status === 'failed') row.failed += 1
    else {
      row.skipped += 1
      if (fullName.includes(MISSING_TOOL_MARK)) row.missingTool += 1
    }
  }
  // A syntax error or a throwing import leaves no single test behind.
  if (file.status === 'failed' && row.failed === failedBefore) row.failed += 1
}

/** Adds tallies up. */
export function sum(tallies: readonly Tally[]): Tally {
  const total = { passed: 0, failed: 0, skipped: 0 }
  for (const { passed, failed, skipped } of tallies) {
    total.passed += passed
    total.failed += failed
    total.skipped += skipped
  }
  return total
}

/** The line that every run ends with. */
export function closingLine({ passed, failed, skipped }: Tally): string {
  return `${passed} passed, ${failed} failed, ${skipped} skipped`
}

/** The table of tests per folder, with the layer a folder belongs to. */
export function renderTable(rows: readonly Row[]): string {
  const cells = rows.map((row) => [
    layerOf(row.folder),
    `test/${row.folder}`,
    ...[row.files, row.passed, row.failed, row.skipped].map(String),
  ])
  const table = [['layer', 'folder', 'files', 'passed', 'failed', 'skipped'], ...cells]
  const widths =
    table[0]?.map((_, column) => Math.max(...table.map((line) => line[column]?.length ?? 0))) ?? []
  return table.map((line) => line.map((cell, i) => pad(cell, widths[i] ?? 0, i)).join('  ')).join('\n')
}

function layerOf(folder: string): string {
  return ['chart', 'cluster', 'e2e', 'integration', 'release'].includes(folder) ? folder : 'unit'
}

/** Words to the left, numbers to the right. */
function pad(cell: string, width: number, column: number): string {
  return column < 2 ? cell.padEnd(width) : cell.padStart(width)
}
