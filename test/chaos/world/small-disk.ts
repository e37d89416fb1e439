import { spawnSync } from 'node:child_process'
import { mkdirSync, readdirSync, truncateSync } from 'node:fs'
import { join } from 'node:path'

/** A disk that is soon full. */
export interface SmallDisk {
  readonly kind: 'tmpfs' | '/dev/full'
  path(name: string): string
  /** As when somebody deletes what is old. */
  makeRoom(): void
  remove(): void
}

/** A file system of a few pages; where this user may mount none, the device that is always full. */
export function smallDisk(parent: string): SmallDisk {
  const folder = join(parent, 'small-disk')
  mkdirSync(folder, { recursive: true })
  const mount = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=32k', 'tmpfs', folder])
  if (mount.status !== 0)
    return { kind: '/dev/full', path: () => '/dev/full', makeRoom: () => undefined, remove: () => undefined }
  return {
    kind: 'tmpfs',
    path: (name) => join(folder, name),
    makeRoom: () => {
      spawnSync('mount', ['-o', 'remount,size=1g', folder])
      for (const name of readdirSync(folder)) truncateSync(join(folder, name), 0)
    },
    remove: () => void spawnSync('umount', ['-l', folder]),
  }
}
