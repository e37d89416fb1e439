import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import {
  CLUSTER_TOOLS,
  DEFAULT_ENVOY,
  defaultPlaces,
  LINT_TOOLS,
  PEER_TOOLS,
  TOOLS,
  type Tool,
  toolNamed,
} from './catalog.ts'
import { DEBIAN_TOOLS, ensureDebian, IMAGE_DEBIAN_TOOLS } from './debian.ts'
import { buildWithGo } from './gobuild.ts'
import { install, type Outcome } from './install.ts'
import { fetchLayer } from './layer.ts'
import { fetchSchemas } from './schemas.ts'
import { fetchWheel } from './wheel.ts'

const FETCH = { wheel: fetchWheel, layer: fetchLayer, schemas: fetchSchemas, go: buildWithGo } as const

/** What `npm run tools` brings when nothing else is asked for. */
export const TOOL_NAMES: readonly string[] = [...TOOLS, ...DEBIAN_TOOLS].map((tool) => tool.name)

/** What the tests of the image and of the workflows need. */
export const RELEASE_TEST_TOOLS: readonly string[] = [...LINT_TOOLS, ...IMAGE_DEBIAN_TOOLS].map(
  (tool) => tool.name,
)

/** What `npm run tools -- --cluster` brings besides. */
export const CLUSTER_TOOL_NAMES: readonly string[] = [
  ...CLUSTER_TOOLS.map((tool) => tool.name),
  ...RELEASE_TEST_TOOLS,
]

/** The parts of an API server, without what makes Pods. */
export const API_SERVER_TOOLS: readonly string[] = ['etcd', 'kube-apiserver', 'kube-controller-manager']

/** What `npm run tools -- --peers` brings besides: the peers, and the API server that Authorino reads its configuration from. */
export const PEER_TOOL_NAMES: readonly string[] = [
  ...PEER_TOOLS.map((tool) => tool.name),
  ...API_SERVER_TOOLS,
]

/** What the tests of a cluster need. */
export const CLUSTER_TEST_TOOLS: readonly string[] = [
  ...['helm', 'helm3', 'kubectl', 'kube-schemas', 'valkey', `envoy-${DEFAULT_ENVOY}`],
  ...CLUSTER_TOOLS.map((tool) => tool.name),
]

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

function installByName(name: string, say: (line: string) => void): Outcome | 'built' {
  const debian = [...DEBIAN_TOOLS, ...IMAGE_DEBIAN_TOOLS].find((candidate) => candidate.name === name)
  if (debian !== undefined) return ensureDebian(debian)
  const tool = toolNamed(name)
  if (tool === undefined)
    throw new Error(
      `unknown tool; known: ${[...new Set([...TOOL_NAMES, ...CLUSTER_TOOL_NAMES, ...PEER_TOOL_NAMES])].join(', ')}`,
    )
  const outcome = install(tool, defaultPlaces(), (wanted, into) => {
    say(`tools: ${name} ${tool.kind === 'go' ? 'building (the first time it takes its time)' : 'fetching'}`)
    FETCH[wanted.kind](wanted, into)
    if (wanted.kind !== 'schemas') proveItRuns(wanted, into)
  })
  return tool.kind === 'go' && outcome === 'fetched' ? 'built' : outcome
}

/** A binary for another system or C library unpacks fine and fails only when started: find out before it is kept. */
function proveItRuns(tool: Tool, folder: string): void {
  const binary = join(folder, tool.binary)
  const { status, error, stderr } = spawnSync(binary, tool.versionArgs, { encoding: 'utf8', timeout: 30_000 })
  if (status !== 0) throw new Error(`${binary} does not run here: ${error?.message ?? stderr.trim()}`)
}
