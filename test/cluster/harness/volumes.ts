import { mkdirSync, readdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { KubeObject } from '../../chart/harness/helm.ts'
import type { Api } from './api.ts'

/** Makes the text of a file, an argument or a variable one that is right for a process outside of a container. */
export type Translate = (text: string) => string

/** The volumes of a pod, as folders below `root`. */
export interface Mounted {
  /** Puts what has changed at the API server in place; false while an object is missing that the pod needs. */
  refresh(): Promise<boolean>
  /** When a folder was last swapped, on the clock of `performance.now()`. */
  swappedMs(): number
}

type Files = ReadonlyMap<string, Buffer>

/** ConfigMaps, Secrets and empty folders; another kind of volume is an error. */
export function mountVolumes(api: Api, pod: KubeObject, root: string, translate: Translate): Mounted {
  const [container] = pod['spec'].containers
  const mounts = (container.volumeMounts ?? []) as { name: string; mountPath: string }[]
  const folders = mounts.map(({ name, mountPath }) => {
    const volume = pod['spec'].volumes.find((each: { name: string }) => each.name === name)
    return { volume, place: makeFolder(join(root, mountPath)) }
  })
  let swappedMs = 0
  const refreshOne = async ({ volume, place }: (typeof folders)[number]) => {
    if (volume.emptyDir !== undefined) return true
    const files = await filesOf(api, volume, pod.metadata.namespace ?? '', translate)
    const nowMs = performance.now()
    if (files !== undefined && place.put(files)) swappedMs = nowMs
    return files !== undefined
  }
  return {
    refresh: async () => (await Promise.all(folders.map(refreshOne))).every((isThere) => isThere),
    swappedMs: () => swappedMs,
  }
}

async function filesOf(
  api: Api,
  volume: KubeObject['spec'],
  namespace: string,
  translate: Translate,
): Promise<Files | undefined> {
  const { configMap, secret } = volume
  if (configMap === undefined && secret === undefined)
    throw new Error(`no volume of this kind here: ${JSON.stringify(volume)}`)
  const path = configMap ? `configmaps/${configMap.name}` : `secrets/${secret.secretName}`
  const { status, body } = await api.ask('GET', `/api/v1/namespaces/${namespace}/${path}`)
  if (status === 404) return undefined
  if (status !== 200) throw new Error(`GET ${path}: ${status}`)
  const data = (body['data'] ?? {}) as Record<string, string>
  const items = (configMap ?? secret).items ?? Object.keys(data).map((key) => ({ key, path: key }))
  const files = new Map<string, Buffer>()
  for (const { key, path: file } of items) {
    const text = data[key]
    if (text === undefined) return undefined
    files.set(file, secret ? Buffer.from(text, 'base64') : Buffer.from(translate(text)))
  }
  return files
}

/** A mounted folder as the kubelet lays it out: links through `..data`, which is swapped as a whole, if it has changed. */
function makeFolder(folder: string): { put(files: Files): boolean } {
  mkdirSync(folder, { recursive: true })
  let now = ''
  let generation = 0
  const put = (files: Files) => {
    const content = JSON.stringify([...files].map(([path, bytes]) => [path, bytes.toString('base64')]))
    if (content === now) return false
    now = content
    const before = `..generation-${generation}`
    const name = `..generation-${++generation}`
    for (const [path, bytes] of files) {
      mkdirSync(dirname(join(folder, name, path)), { recursive: true })
      writeFileSync(join(folder, name, path), bytes)
    }
    symlinkSync(name, join(folder, '..next'))
    renameSync(join(folder, '..next'), join(folder, '..data'))
    linkTops(folder, files)
    rmSync(join(folder, before), { recursive: true, force: true })
    return true
  }
  return { put }
}

function linkTops(folder: string, files: Files): void {
  const wanted = new Set([...files.keys()].map((path) => path.split('/')[0] ?? ''))
  const there = readdirSync(folder).filter((name) => !name.startsWith('..'))
  for (const name of there) if (!wanted.has(name)) rmSync(join(folder, name))
  for (const name of wanted) if (!there.includes(name)) symlinkSync(join('..data', name), join(folder, name))
}
