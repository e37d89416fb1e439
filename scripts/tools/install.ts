import { existsSync, mkdirSync, mkdtempSync, readlinkSync, renameSync, rmSync, symlinkSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { cachedBinary, linkedBinary, type Places, type Tool } from './catalog.ts'

/** Puts the tool's executable into the empty folder `into`, or throws. */
export type Fetch = (tool: Tool, into: string) => void

/** What had to be done: nothing, a link into the cache, or a fetch. */
export type Outcome = 'ready' | 'linked' | 'fetched'

/** Whether the clone's link is there, leads to the pinned binary and that binary exists. */
export function isInstalled(tool: Tool, places: Places): boolean {
  const link = linkedBinary(tool, places)
  // existsSync follows the link, so an emptied cache counts as missing.
  return existsSync(link) && readLink(link) === cachedBinary(tool, places)
}

/** Makes one tool available under `.tools`, fetching it only when the cache does not hold the pinned one. */
export function install(tool: Tool, places: Places, fetch: Fetch): Outcome {
  if (isInstalled(tool, places)) return 'ready'
  const cached = cachedBinary(tool, places)
  const isCached = existsSync(cached)
  if (!isCached) fillCache(tool, places, cached, fetch)
  link(cached, linkedBinary(tool, places))
  return isCached ? 'linked' : 'fetched'
}

/** Fetches into a scratch folder and renames it at the end: whoever looks sees all of the tool or nothing. */
function fillCache(tool: Tool, places: Places, cached: string, fetch: Fetch): void {
  mkdirSync(places.cache, { recursive: true })
  const scratch = mkdtempSync(join(places.cache, `.${tool.name}-`))
  try {
    fetch(tool, scratch)
    if (!existsSync(join(scratch, tool.binary)))
      throw new Error(`${tool.binary} is not in the fetched package`)
    moveFolder(scratch, dirname(cached), cached)
  } finally {
    rmSync(scratch, { recursive: true, force: true })
  }
}

function moveFolder(from: string, to: string, proof: string): void {
  try {
    renameSync(from, to)
  } catch (error) {
    // Another clone may have finished first; its result is the same pinned file.
    if (!existsSync(proof)) throw error
  }
}

function link(target: string, path: string): void {
  mkdirSync(dirname(path), { recursive: true })
  const scratch = `${path}.${process.pid}`
  rmSync(scratch, { force: true })
  symlinkSync(target, scratch)
  renameSync(scratch, path)
}

function readLink(path: string): string | undefined {
  try {
    return readlinkSync(path)
  } catch {
    return undefined // a real file or nothing: not a link of ours
  }
}
