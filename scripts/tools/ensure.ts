import { defaultPlaces, TOOLS } from './catalog.ts'
import { DEBIAN_TOOLS, ensureDebian } from './debian.ts'
import { install, type Outcome } from './install.ts'
import { fetchWheel } from './wheel.ts'

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
    fetchWheel(wanted, into)
  })
}
