import type { KubeObject } from '../../chart/harness/helm.ts'
import type { Api } from './api.ts'

interface Resource {
  readonly name: string
  readonly namespaced: boolean
  readonly verbs: readonly string[]
}

/** What stands in a namespace: `resource/name` -> what somebody wrote, without what the server adds to it. */
export type Contents = ReadonlyMap<string, string>

/** What controllers write by themselves, and take away when they come to it. */
const OF_NOBODY = ['events', 'endpoints', 'endpointslices']

/** Every object of every kind that the API server knows in this namespace. */
export async function contentsOf(api: Api, namespace: string): Promise<Contents> {
  const found = await Promise.all(
    (await listsOf(api)).map(async ({ root, name }) => {
      const items = await api.list(`${root}/namespaces/${namespace}/${name}`)
      return items.map((item) => [`${name}/${item.metadata.name}`, written(item)] as const)
    }),
  )
  return new Map(found.flat())
}

/** What is there now and was not, is other, or is gone: each with a plus, a tilde or a minus. */
export function differenceOf(before: Contents, after: Contents): string[] {
  const all = [...new Set([...before.keys(), ...after.keys()])].sort()
  return all.flatMap((key) => {
    if (!before.has(key)) return `+${key}`
    if (!after.has(key)) return `-${key}`
    return before.get(key) === after.get(key) ? [] : `~${key}`
  })
}

async function listsOf(api: Api): Promise<{ root: string; name: string }[]> {
  const { groups } = (await api.get('/apis')) as unknown as {
    groups: { preferredVersion: { groupVersion: string } }[]
  }
  const roots = ['/api/v1', ...groups.map(({ preferredVersion }) => `/apis/${preferredVersion.groupVersion}`)]
  const lists = await Promise.all(
    roots.map(async (root) => {
      const resources = (await api.get(root))['resources'] as Resource[]
      return resources
        .filter((each) => each.namespaced && each.verbs.includes('list') && !OF_NOBODY.includes(each.name))
        .map(({ name }) => ({ root, name }))
    }),
  )
  return lists.flat()
}

function written({ metadata, status: _status, ...rest }: KubeObject): string {
  const {
    resourceVersion: _version,
    managedFields: _fields,
    ...own
  } = metadata as Record<string, unknown> & KubeObject['metadata']
  return JSON.stringify({ ...rest, metadata: own })
}
