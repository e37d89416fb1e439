import { execFile } from 'node:child_process'
import { accessSync, constants, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { promisify } from 'node:util'
import { describe, test } from '@jest/globals'

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable']

/** A Chromium of this machine: it is not among the tools that the project fetches. */
function browserPath(): string | undefined {
  const folders = (process.env['PATH'] ?? '').split(delimiter)
  return folders
    .flatMap((folder) => NAMES.map((name) => join(folder, name)))
    .find((file) => {
      try {
        accessSync(file, constants.X_OK)
        return true
      } catch {
        return false // not there
      }
    })
}

/** Describes tests that need a browser; `fn` gets its path. Without one they are skipped, and say so. */
export function describeWithBrowser(name: string, fn: (browser: string) => void): void {
  const path = browserPath()
  if (path !== undefined) describe(name, () => fn(path))
  else describe(name, () => test.skip(`needs Chromium on the PATH (${NAMES.join(', ')})`, () => undefined))
}

const run = promisify(execFile)

/** The sandbox needs rights that a container has not; only pages of these tests are opened. */
export const QUIET = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--no-proxy-server',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--no-first-run',
]

/** The document as it stands when the page is loaded and its scripts have nothing more to wait for. */
export async function domOf(browser: string, url: string): Promise<string> {
  const profile = mkdtempSync(join(tmpdir(), 'vigil-browser-'))
  try {
    const all = [...QUIET, `--user-data-dir=${profile}`, '--virtual-time-budget=10000', '--dump-dom', url]
    return (await run(browser, all, { timeout: 40_000 })).stdout
  } finally {
    rmSync(profile, { recursive: true, force: true, maxRetries: 5 })
  }
}
