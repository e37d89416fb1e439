import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sh } from './shell.ts'

/** A place where images are made without a daemon and without a registry; everything in it goes in the end. */
export interface Workshop {
  readonly folder: string
  /** @returns what it said */
  buildah(command: string, ...args: readonly string[]): string
  remove(): void
}

export function openWorkshop(): Workshop {
  const folder = mkdtempSync(join(tmpdir(), 'vigil-image-'))
  const at = (name: string, text: string) => {
    const path = join(folder, name)
    writeFileSync(path, text)
    return path
  }
  for (const name of ['run', 'storage']) mkdirSync(join(folder, name))
  const registries = at('registries.conf', 'unqualified-search-registries = []\n')
  const policy = at('policy.json', '{"default":[{"type":"insecureAcceptAnything"}]}')
  const storage = at(
    'storage.conf',
    `[storage]\ndriver="overlay"\nrunroot="${folder}/run"\ngraphroot="${folder}/storage"\n`,
  )
  const env = {
    CONTAINERS_STORAGE_CONF: storage,
    CONTAINERS_REGISTRIES_CONF: registries,
    BUILDAH_ISOLATION: 'chroot',
  }
  const signed = new Set(['commit', 'bud', 'push'])
  return {
    folder,
    buildah: (command, ...args) => {
      const trusting = signed.has(command) ? ['--signature-policy', policy] : []
      return sh('buildah', ['--registries-conf', registries, command, ...trusting, ...args], { env })
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  }
}
