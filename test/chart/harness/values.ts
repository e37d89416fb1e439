/** The fewest values with which the chart renders as it is meant to run. */
export const MINIMAL = {
  config: {
    static: { store: { kind: 'redis', redis: { host: 'valkey.store.svc.cluster.local' } } },
  },
  secrets: { instanceKey: { existingSecret: 'vigil-key' } },
}

type Tree = { readonly [key: string]: unknown }

const isTree = (value: unknown): value is Tree =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** Values laid over others, as Helm does: maps are merged, all else is replaced. */
export function over(base: Tree, layer: Tree): Tree {
  const merged: Record<string, unknown> = { ...base }
  for (const [key, value] of Object.entries(layer)) {
    const own = base[key]
    merged[key] = isTree(value) && isTree(own) ? over(own, value) : value
  }
  return merged
}
