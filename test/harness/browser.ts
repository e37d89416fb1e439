import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

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
