import { closeSync, openSync, writeFileSync } from 'node:fs'
import type { Result } from './scene.ts'

/** Asked before the story, so that nobody waits for it in vain. @throws Error that names the file and the code */
export function checkWritable(file: string): void {
  sayingWhich(file, () => closeSync(openSync(file, 'a', 0o600)))
}

/** @throws Error that names the file and the code */
export function writeResults(file: string, scenes: readonly Result[]): void {
  sayingWhich(file, () => writeFileSync(file, `${JSON.stringify({ scenes }, undefined, 2)}\n`))
}

function sayingWhich(file: string, write: () => void): void {
  try {
    write()
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'unknown'
    throw new Error(`cannot write ${file} (${code})`)
  }
}
