import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A folder laid out like a ConfigMap mount: vigil.yaml is a link through `..data`, which is swapped as a whole. */
export interface ConfigMap {
  readonly file: string
  /** Puts another text in place, as the kubelet does: a new folder, then one rename of the link. */
  swap(text: string): void
  remove(): void
}

export function mountConfigMap(text: string): ConfigMap {
  const folder = mkdtempSync(join(tmpdir(), 'vigil-mount-'))
  let generation = 0
  const swap = (content: string) => {
    const name = `..generation-${++generation}`
    mkdirSync(join(folder, name))
    writeFileSync(join(folder, name, 'vigil.yaml'), content)
    symlinkSync(name, join(folder, '..next'))
    renameSync(join(folder, '..next'), join(folder, '..data'))
    // The kubelet removes the folder that nothing points to any more, too.
    rmSync(join(folder, `..generation-${generation - 1}`), { recursive: true, force: true })
  }
  swap(text)
  symlinkSync(join('..data', 'vigil.yaml'), join(folder, 'vigil.yaml'))
  return {
    file: join(folder, 'vigil.yaml'),
    swap,
    remove: () => rmSync(folder, { recursive: true, force: true }),
  }
}
