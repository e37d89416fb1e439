import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { ROOT } from '../root.ts'

/** Why mutants of one line survive, rightly. */
export interface Reason {
  readonly file: string
  /** The line where the mutant begins, without the white space around it. */
  readonly code: string
  /** Stryker's names of changes; without it the reason is good for every change of that line. */
  readonly changes?: readonly string[]
  readonly why: string
}

/** A change that was made. `code` is the line where it begins, `from` what was there, `to` what was put there. */
export interface Mutant {
  readonly file: string
  readonly line: number
  readonly code: string
  readonly change: string
  readonly from: string
  readonly to: string
  readonly status: string
}

/** The reasons of a room; none where it has no file of them. */
export function readReasons(room: string): readonly Reason[] {
  const path = join(ROOT, 'scripts', 'mutate', 'survivors', `${room}.json`)
  return existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as Reason[]) : []
}

/** Whether the reason speaks of this mutant. */
export const speaksOf = (reason: Reason, mutant: Mutant): boolean =>
  reason.file === mutant.file &&
  reason.code === mutant.code &&
  (reason.changes?.includes(mutant.change) ?? true)
