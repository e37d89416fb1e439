import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { ROOT } from '../root.ts'

/** One package as package-lock.json holds it. */
export interface Locked {
  readonly name: string
  readonly version: string
  /** Where it is installed, below the folder of the project. */
  readonly path: string
  /** SPDX, as npm read it from the package; empty where it says none. */
  readonly license: string
  readonly integrity: string
  readonly resolved: string
  /** False: only for development, and in neither image nor package. */
  readonly isShipped: boolean
  readonly hasInstallScript: boolean
}

export interface Manifest {
  readonly dependencies: Readonly<Record<string, string>>
  readonly devDependencies: Readonly<Record<string, string>>
  readonly optionalDependencies: Readonly<Record<string, string>>
  readonly overrides: Readonly<Record<string, unknown>>
}

interface LockEntry {
  readonly version?: string
  readonly license?: string
  readonly integrity?: string
  readonly resolved?: string
  readonly dev?: boolean
  readonly hasInstallScript?: boolean
}

const json = (name: string): unknown => JSON.parse(readFileSync(join(ROOT, name), 'utf8'))

export const readManifest = (): Manifest => json('package.json') as Manifest

/** Every package that `npm ci` installs somewhere: those of all platforms. */
export function readLock(): readonly Locked[] {
  const { packages } = json('package-lock.json') as { packages: Record<string, LockEntry> }
  return Object.entries(packages)
    .filter(([path]) => path !== '')
    .map(([path, entry]) => ({
      name: path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length),
      version: entry.version ?? '',
      path,
      license: entry.license ?? '',
      integrity: entry.integrity ?? '',
      resolved: entry.resolved ?? '',
      isShipped: entry.dev !== true,
      hasInstallScript: entry.hasInstallScript === true,
    }))
}

/** `1.2.3`, or one under another name: `npm:typescript@1.2.3`. */
const EXACT = /^(?:npm:(?:@[\w.-]+\/)?[\w.-]+@)?\d+\.\d+\.\d+(?:-[\w.-]+)?$/

/** What is not pinned: a range in package.json, a package without its hash, or one that names a host to come from. */
export function flawsOfPins(manifest: Manifest, locked: readonly Locked[]): readonly string[] {
  const { dependencies, devDependencies, optionalDependencies, overrides } = manifest
  const asked = [dependencies, devDependencies, optionalDependencies, ...overridesOf(overrides)]
  return [
    ...asked.flatMap((some) =>
      Object.entries(some)
        .filter(([, range]) => !EXACT.test(range))
        .map(([name, range]) => `${name}: "${range}" is no exact version (package.json)`),
    ),
    ...locked
      .filter(({ integrity }) => !integrity.startsWith('sha512-'))
      .map(({ path }) => `${path}: no SHA-512`),
    ...locked
      .filter(({ resolved }) => resolved !== '')
      .map(({ path, resolved }) => `${path}: comes from ${resolved}`),
  ]
}

function overridesOf(overrides: Readonly<Record<string, unknown>>): Record<string, string>[] {
  return Object.entries(overrides).map(([name, value]) =>
    typeof value === 'string' ? { [name]: value } : (value as Record<string, string>),
  )
}
