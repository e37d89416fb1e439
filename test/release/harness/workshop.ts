import { mkdirSync, mkdtempSync, rmSync, statfsSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sh } from './shell.ts'

/** A place where images are made without a daemon and without a registry; everything in it goes in the end. */
export interface Workshop {
  readonly folder: string
  /** Where its images are. */
  readonly storage: string
  /** @returns what it said */
  buildah(command: string, ...args: readonly string[]): string
  remove(): void
}

/** statfs(2): where a file system is an overlay itself, as in most containers, none can be laid over it. */
const OVERLAYFS = 0x794c7630

/** How layers are kept: laid over each other, or copied, which is slower and goes everywhere. */
export function driverFor(...folders: readonly string[]): 'overlay' | 'vfs' {
  return folders.some((folder) => statfsSync(folder).type === OVERLAYFS) ? 'vfs' : 'overlay'
}

/** @param bases storage of images that can be built on, and that are left as they are */
export function openWorkshop(driver: 'overlay' | 'vfs', parent = tmpdir(), bases?: string): Workshop {
  const folder = mkdtempSync(join(parent, '.vigil-image-'))
  const at = (name: string, text: string) => {
    const path = join(folder, name)
    writeFileSync(path, text)
    return path
  }
  for (const name of ['run', 'storage']) mkdirSync(join(folder, name))
  const registries = at('registries.conf', 'unqualified-search-registries = []\n')
  const policy = at('policy.json', '{"default":[{"type":"insecureAcceptAnything"}]}')
  const storage = join(folder, 'storage')
  const main = `[storage]\ndriver="${driver}"\nrunroot="${folder}/run"\ngraphroot="${storage}"\n`
  const more = bases === undefined ? '' : `[storage.options]\nadditionalimagestores=["${bases}"]\n`
  const env = {
    CONTAINERS_STORAGE_CONF: at('storage.conf', main + more),
    CONTAINERS_REGISTRIES_CONF: registries,
    BUILDAH_ISOLATION: 'chroot',
  }
  const signed = new Set(['commit', 'bud', 'from'])
  return {
    folder,
    storage,
    buildah: (command, ...args) => {
      const trusting = signed.has(command) ? ['--signature-policy', policy] : []
      return sh('buildah', ['--registries-conf', registries, command, ...trusting, ...args], { env })
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  }
}
