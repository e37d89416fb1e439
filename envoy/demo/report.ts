import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { ROOT } from '../../scripts/root.ts'
import type { Summary } from '../../src/cli/report/summary.ts'
import { start } from '../../test/harness/process.ts'
import type { Files } from './files.ts'

export interface Report {
  /** What an operator reads in the terminal. */
  readonly text: string
  readonly summary: Summary
}

/** Runs `vigil report` over the records of this run, and writes its page. @throws Error with what it said */
export async function reportOn(files: Files): Promise<Report> {
  const json = join(files.folder, 'report.json')
  const args = ['report', '--records', files.records, '--html', files.report, '--json', json]
  const vigil = start(process.execPath, [join(ROOT, 'src', 'main.ts'), ...args], { cwd: ROOT })
  const code = await vigil.ended
  if (code !== 0) throw new Error(`vigil report ended with ${code}: ${vigil.output()}`)
  return { text: vigil.output(), summary: JSON.parse(readFileSync(json, 'utf8')) as Summary }
}
