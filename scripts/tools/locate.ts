import { spawnSync } from 'node:child_process'
import { readFileSync, realpathSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { DEFAULT_ENVOY, defaultPlaces, linkedBinary, toolNamed } from './catalog.ts'
import { isInstalled } from './install.ts'

const OLDEST_REDIS = 7

/** Path of the fetched Envoy of this version, or undefined when `npm run tools` has not brought it. */
export function envoyPath(version: string = DEFAULT_ENVOY): string | undefined {
  return fetched(`envoy-${version}`)
}

/** Path of the fetched Valkey (no TLS), or undefined when `npm run tools` has not brought it. */
export function valkeyPath(): string | undefined {
  return fetched('valkey')
}

/** Path of the fetched Helm 4 (`helm`), Helm 3 (`helm3`) or kubectl, or undefined when `npm run tools` has not brought it. */
export function layerPath(name: 'helm' | 'helm3' | 'kubectl'): string | undefined {
  return fetched(name)
}

/** Path of the index of the fetched Kubernetes schemas, or undefined when `npm run tools` has not brought them. */
export function schemasPath(): string | undefined {
  const link = fetched('kube-schemas')
  // The files that it names stand beside what the link leads to.
  return link === undefined ? undefined : realpathSync(link)
}

/** Path of what asks a server for every clause of HTTP/2, or undefined when `npm run tools` has not built it. */
export function h2specPath(): string | undefined {
  return fetched('h2spec')
}

/** Path of a built part of a cluster, or undefined when `npm run tools -- --cluster` has not built it. */
export function clusterPath(name: string): string | undefined {
  return fetched(name)
}

/** A peer that was built: its program, the version of its module, and the files of it that are kept beside the program. */
export type Peer = { binary: string; version: string; files: Record<string, string> }

/** Undefined when `npm run tools -- --peers` has not built it. */
export function peerPath(name: 'heimdall' | 'authorino'): Peer | undefined {
  const tool = toolNamed(name)
  const link = fetched(name)
  if (tool === undefined || link === undefined) return undefined
  const binary = realpathSync(link)
  const files = (tool.kept ?? []).map((file) => [basename(file), join(dirname(binary), basename(file))])
  const version = requiredVersion(tool.entry, readFileSync(tool.requirements, 'utf8'))
  return { binary, version, files: Object.fromEntries(files) }
}

/** Of a module in a go.mod. */
export function requiredVersion(module: string, goMod: string): string {
  const line = goMod.split('\n').find((each) => each.trim().startsWith(`${module} v`))
  if (line === undefined) throw new Error(`go.mod does not require ${module}`)
  return line.trim().split(' ')[1] ?? ''
}

/** Path of hadolint, actionlint or dockerfile-check, or undefined without `npm run tools -- --cluster`. */
export function lintPath(name: 'hadolint' | 'actionlint' | 'dockerfile-check'): string | undefined {
  return fetched(name)
}

/** `shellcheck` of the PATH, else the unpacked one, else undefined. */
export function shellcheckPath(): string | undefined {
  return ofPath('shellcheck', 'shellcheck')
}

/** A program of the PATH that makes or runs images and tells its version, else undefined. */
export function imageToolPath(name: 'buildah' | 'runc'): string | undefined {
  return starts(name) ? name : undefined
}

/** `redis-server` when the PATH holds one of version 7 or newer (Debian's has TLS), else undefined. */
export function redisPath(): string | undefined {
  const { status, stdout } = spawnSync('redis-server', ['--version'], { encoding: 'utf8', timeout: 10_000 })
  return status === 0 && redisMajor(stdout) >= OLDEST_REDIS ? 'redis-server' : undefined
}

/** Major version out of `redis-server --version`, 0 when the text is something else. */
export function redisMajor(versionText: string): number {
  return Number(/\bv=(\d+)\./.exec(versionText)?.[1] ?? 0)
}

/** How Chromium is called by those who package it. */
const BROWSERS = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable']

/** Name of a Chromium on the PATH that starts (Ubuntu's `chromium-browser` may be a mere hint), else undefined. */
export function browserPath(env: NodeJS.ProcessEnv = process.env): string | undefined {
  return BROWSERS.find((name) => spawnSync(name, ['--version'], { env, timeout: 10_000 }).status === 0)
}

/** `faketime` of the PATH, else undefined. */
export function faketimePath(): string | undefined {
  return starts('faketime') ? 'faketime' : undefined
}

/** `promtool` of the PATH, else the unpacked one, else undefined. */
export function promtoolPath(): string | undefined {
  return ofPath('promtool', 'promtool')
}

/** `prometheus` itself, for tests that scrape a running service; it comes in the package of promtool. */
export function prometheusPath(): string | undefined {
  return ofPath('promtool', 'prometheus')
}

/** Of the PATH, else out of what a Debian tool was unpacked into. */
function ofPath(tool: string, program: string): string | undefined {
  return [program, join(defaultPlaces().tools, tool, program)].find(starts)
}

function starts(path: string): boolean {
  return spawnSync(path, ['--version'], { timeout: 10_000 }).status === 0
}

function fetched(name: string): string | undefined {
  const places = defaultPlaces()
  const tool = toolNamed(name)
  return tool && isInstalled(tool, places) ? linkedBinary(tool, places) : undefined
}
