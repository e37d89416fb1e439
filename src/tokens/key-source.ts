import { existsSync, readFileSync, type Stats, statSync } from 'node:fs'
import { readFile, stat } from 'node:fs/promises'
import { isAbsolute, join, resolve } from 'node:path'
import type { IssuerSettings } from '../config/schema/identity.ts'
import type { Compiled, SettingsProblem } from '../errors.ts'
import type { Algorithm } from '../lib/algorithms.ts'
import { unreadable } from '../lib/error-name.ts'
import type { KeyUse } from './jwk.ts'
import {
  addressProblem,
  discoverKeys,
  fetchKeys,
  KeyLoadError,
  keysOf,
  MAX_DOCUMENT_BYTES,
  parseDocument,
} from './key-fetch.ts'
import { type KeyLoader, KeyRing, type KeyRingDeps, type KeyTimes } from './key-ring.ts'
import { buildKeySet, type UnusedKey } from './key-set.ts'

export interface KeySourceDeps extends KeyRingDeps {
  readonly fetch?: typeof fetch
  /** Directory of the configuration; key files are relative to it. */
  readonly baseDir: string
  /** Where that directory really was when the configuration was read (a mounted volume is swapped as a whole). */
  readonly folder?: string
}

type Path = SettingsProblem['path']

/** Whose keys, and where they come from. */
export type KeySettings = Pick<IssuerSettings, 'issuer' | 'jwks'>

/** A file's modification time is looked at once a second: that is also how long a key removed from it lives. */
const FILE_LOOK_MS = 1000

/**
 * Builds the key ring of an issuer. Keys in the configuration or in a file are judged now, so that a bad one is a
 * problem with a position instead of a refused request; fetched ones are loaded by `start()` or by the first use.
 */
export function createKeyRing(
  settings: KeySettings,
  algorithms: ReadonlySet<Algorithm>,
  deps: KeySourceDeps,
  path: Path,
  use: KeyUse = 'sig',
): Compiled<KeyRing> {
  const { inline, file, uri } = settings.jwks
  const ring = (load: KeyLoader, times: KeyTimes) =>
    new KeyRing({ issuer: settings.issuer, algorithms, times, use, load }, deps)
  if (inline !== undefined) {
    // Keys in the configuration change with the configuration only.
    const times = { refreshMs: Number.POSITIVE_INFINITY, cooldownMs: Number.POSITIVE_INFINITY, maxStaleMs: 0 }
    const made = ring(() => Promise.resolve(undefined), times)
    return acceptFirst(made, inline.keys, algorithms, [...path, 'inline', 'keys'], use)
  }
  const maxStaleMs = settings.jwks.maxStaleSeconds * 1000
  if (file !== undefined) {
    const source = new KeyFile(resolve(deps.baseDir, file), firstPath(file, deps.folder))
    const made = ring(() => source.reread(), {
      refreshMs: FILE_LOOK_MS,
      cooldownMs: FILE_LOOK_MS,
      maxStaleMs,
    })
    return acceptFile(made, source, algorithms, [...path, 'file'], use)
  }
  const address = uri ?? settings.issuer
  const problem = addressProblem(address)
  if (problem !== undefined) {
    const key = uri === undefined ? 'discovery' : 'uri'
    return { ok: false, problems: [{ path: [...path, key], message: `the address ${problem}` }] }
  }
  return { ok: true, value: ring(remoteLoader(settings, deps.fetch ?? fetch), timesOf(settings)) }
}

function timesOf({ jwks }: KeySettings): KeyTimes {
  return {
    refreshMs: jwks.refreshSeconds * 1000,
    cooldownMs: jwks.cooldownSeconds * 1000,
    maxStaleMs: jwks.maxStaleSeconds * 1000,
  }
}

function remoteLoader({ issuer, jwks }: KeySettings, fetcher: typeof fetch): KeyLoader {
  return () => {
    const signal = AbortSignal.timeout(jwks.timeoutMs)
    return jwks.uri === undefined
      ? discoverKeys(fetcher, issuer, signal)
      : fetchKeys(fetcher, jwks.uri, signal)
  }
}

function acceptFirst(
  ring: KeyRing,
  jwks: readonly unknown[],
  algorithms: ReadonlySet<Algorithm>,
  path: Path,
  use: KeyUse,
): Compiled<KeyRing> {
  const set = buildKeySet(jwks, algorithms, [], use)
  const problems = set.unused.filter(isRefused).map(({ index, problem }) => ({
    path: [...path, index],
    message: `the key ${problem}`,
  }))
  if (problems.length > 0) return { ok: false, problems }
  const isOfUse = [...set.keys].some((key) => key.algorithm === undefined || algorithms.has(key.algorithm))
  if (!isOfUse) {
    const message = `no key here can be used with ${[...algorithms].join(', ')}`
    return { ok: false, problems: [{ path, message }] }
  }
  ring.accept(jwks)
  return { ok: true, value: ring }
}

const isRefused = (key: UnusedKey) => key.kind === 'refused'

function acceptFile(
  ring: KeyRing,
  source: KeyFile,
  algorithms: ReadonlySet<Algorithm>,
  path: Path,
  use: KeyUse,
): Compiled<KeyRing> {
  try {
    const accepted = acceptFirst(ring, source.read(), algorithms, path, use)
    // Inside the file there is no position in the configuration: the index goes into the sentence.
    return accepted.ok ? accepted : { ok: false, problems: accepted.problems.map((p) => inFile(p, path)) }
  } catch (error) {
    if (!(error instanceof KeyLoadError)) throw error
    return { ok: false, problems: [{ path, message: error.message }] }
  }
}

function inFile(problem: SettingsProblem, path: Path): SettingsProblem {
  const index = problem.path[path.length]
  return index === undefined ? problem : { path, message: `key ${index} of the file: ${problem.message}` }
}

/** A key set on disk. `..data` swaps of a mounted volume change the inode, edits in place the time. */
class KeyFile {
  readonly #path: string
  readonly #firstPath: string
  #seen = ''

  /** @param firstPath the same file in the generation of the configuration; later ones are read where they then stand */
  constructor(path: string, firstPath = path) {
    this.#path = path
    this.#firstPath = firstPath
  }

  /** @throws KeyLoadError */
  read(): readonly unknown[] {
    try {
      const seen = versionOf(statSync(this.#firstPath))
      const keys = keysOf(parseDocument(readFileSync(this.#firstPath)))
      this.#seen = seen
      return keys
    } catch (error) {
      throw fileError(error, this.#path)
    }
  }

  /** @throws KeyLoadError */
  async reread(): Promise<readonly unknown[] | undefined> {
    try {
      const seen = versionOf(await stat(this.#path))
      if (seen === this.#seen) return undefined
      const keys = keysOf(parseDocument(await readFile(this.#path)))
      this.#seen = seen
      return keys
    } catch (error) {
      throw fileError(error, this.#path)
    }
  }
}

/** A file of the folder itself, where it stands in this generation; one that is elsewhere is not swapped with it. */
function firstPath(file: string, folder: string | undefined): string | undefined {
  if (folder === undefined || isAbsolute(file) || file.split('/').includes('..')) return undefined
  const path = join(folder, file)
  return existsSync(path) ? path : undefined
}

function versionOf(stats: Stats): string {
  if (stats.size > MAX_DOCUMENT_BYTES)
    throw new KeyLoadError(`the file is larger than ${MAX_DOCUMENT_BYTES} bytes`)
  return `${stats.ino}:${stats.size}:${stats.mtimeMs}`
}

function fileError(error: unknown, path: string): KeyLoadError {
  if (error instanceof KeyLoadError) return error
  return new KeyLoadError(`jwks.file: ${unreadable(error)}: ${path}`, { cause: error })
}
