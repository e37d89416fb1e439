import { mkdtempSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ROOT } from '../../scripts/root.ts'
import type { Summary } from '../../src/cli/report/summary.ts'
import { start } from '../../test/harness/process.ts'
import type { Files } from './files.ts'

export interface Report {
  /** What an operator reads in the terminal. */
  readonly text: string
  readonly summary: Summary
  /** File of its page. */
  readonly page: string
}

/**
 * Runs `vigil report` over the records of this run. Where nobody has said where the page goes, it gets a folder of its
 * own, because that of the demo goes when the demo ends. @throws Error with what it said
 */
export async function reportOn(files: Files): Promise<Report> {
  const page = files.report ?? join(mkdtempSync(join(tmpdir(), 'vigil-demo-report-')), 'report.html')
  const json = join(files.folder, 'report.json')
  const args = ['report', '--records', files.records, '--html', page, '--json', json]
  const vigil = start(process.execPath, [join(ROOT, 'src', 'main.ts'), ...args], { cwd: ROOT })
  const code = await vigil.ended
  if (code !== 0) throw new Error(`vigil report ended with ${code}: ${vigil.output()}`)
  return { text: vigil.output(), summary: JSON.parse(readFileSync(json, 'utf8')) as Summary, page }
}
