import type { Locked } from './lock.ts'

/** Packages with an install script, and why nothing is missing without it. */
export const NOT_NEEDED: Readonly<Record<string, string>> = {
  protobufjs: 'warns of a version range of the project that installs it',
  '@swc/core': 'looks whether the binary package of the platform is there, which npm has installed',
  'unrs-resolver': 'the same',
  '@parcel/watcher':
    'builds it where no binary package of the platform is there; nothing here watches with it',
}

/** Packages that bring an install script that nobody has looked at. None may run: `.npmrc` says so. */
export function flawsOfScripts(locked: readonly Locked[]): readonly string[] {
  return locked
    .filter(({ name, hasInstallScript }) => hasInstallScript && !Object.hasOwn(NOT_NEEDED, name))
    .map(
      ({ name, version }) =>
        `${name}@${version} has an install script: is it needed? (scripts/supply/scripts.ts)`,
    )
}
