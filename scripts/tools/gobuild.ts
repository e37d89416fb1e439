import { spawnSync } from 'node:child_process'
import { cpSync, readFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import type { Tool } from './catalog.ts'
import { lastLines } from './wheel.ts'

const KUBERNETES = 'k8s.io/kubernetes'

/**
 * Builds one program out of the pinned module (scripts/tools/go), whose go.sum Go itself checks. Needs go. Minutes from a
 * cold build cache; niced, and two compilers at most, so that the machine stays usable.
 */
export function buildWithGo(tool: Tool, into: string): void {
  const flags = ldflagsOf(tool.entry, readFileSync(tool.requirements, 'utf8'))
  const build = ['build', '-p', '2', '-mod=readonly', '-buildvcs=false', '-ldflags', flags]
  goIn(tool, [...build, '-o', join(into, tool.binary), tool.entry])
  if (tool.kept === undefined) return
  const module = goIn(tool, ['list', '-m', '-mod=readonly', '-f', '{{.Dir}}', tool.entry]).trim()
  for (const file of tool.kept) cpSync(join(module, file), join(into, basename(file)))
}

/** @returns what it said on standard output */
function goIn(tool: Tool, args: readonly string[]): string {
  const { status, stdout, stderr, error } = spawnSync('nice', ['go', ...args], {
    cwd: dirname(tool.requirements),
    encoding: 'utf8',
    timeout: 1_800_000,
    // Without a C compiler, and without a workspace that someone may have around the clone.
    env: { ...process.env, CGO_ENABLED: '0', GOWORK: 'off', GOFLAGS: '' },
    maxBuffer: 64 * 1024 * 1024,
  })
  if (error) throw new Error(`go is needed to build ${tool.name}: ${error.message}`)
  if (status !== 0) throw new Error(`go ${args[0]} ${tool.entry} failed: ${lastLines(stderr)}`)
  return stdout
}

/** Without symbols; and a Kubernetes that is told no version calls itself 0.0.0, which charts refuse. */
export function ldflagsOf(packagePath: string, goMod: string): string {
  const small = '-s -w'
  if (!packagePath.startsWith(`${KUBERNETES}/`)) return small
  const [, version, major, minor] = /^require k8s\.io\/kubernetes (v(\d+)\.(\d+)\.\d+)$/m.exec(goMod) ?? []
  if (version === undefined) throw new Error(`go.mod does not require ${KUBERNETES}`)
  const variables = {
    gitVersion: version,
    gitMajor: major,
    gitMinor: minor,
    gitTreeState: 'clean',
  }
  const told = Object.entries(variables).map(
    ([name, value]) => `-X k8s.io/component-base/version.${name}=${value}`,
  )
  return [small, ...told].join(' ')
}

let version: string | undefined

/** What `go version` says; empty where there is none. */
export function goVersion(): string {
  version ??= spawnSync('go', ['version'], { encoding: 'utf8', timeout: 10_000 }).stdout ?? ''
  return version
}
