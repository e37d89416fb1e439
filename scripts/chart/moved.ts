import { stringify } from 'yaml'

/** A value of the chart that has another name since a version: it is refused, and the refusal tells the new one. */
export interface Moved {
  readonly old: string
  readonly now: string
  readonly since: string
}

/**
 * Values that have moved, oldest first. An entry stays for good: whoever upgrades may come from any version.
 * docs/install.md says how to add one.
 */
export const MOVED: readonly Moved[] = []

/** charts/vigil/files/moved.yaml: the same for the templates. */
export const movedFile = (moved: readonly Moved[]): string =>
  `# Values that have moved. This file is written by \`npm run docs\` (scripts/chart/moved.ts).\n${stringify({ moved })}`

interface Node {
  properties?: Record<string, Node>
  [key: string]: unknown
}

/** The schema takes old names, so that the templates can tell the new ones (`vigil.problems.moved`). */
export function withMoved(schema: Node, moved: readonly Moved[]): Node {
  const root = structuredClone(schema)
  for (const { old, now, since } of moved) {
    const path = old.split('.')
    const name = path.pop() ?? ''
    const parent = path.reduce(sectionOf, root)
    parent.properties = {
      ...parent.properties,
      [name]: { deprecated: true, description: `Is ${now} since ${since}, and refused.` },
    }
  }
  return root
}

function sectionOf(node: Node, name: string): Node {
  const properties = node.properties ?? {}
  const section = properties[name] ?? { type: 'object', properties: {}, additionalProperties: false }
  node.properties = { ...properties, [name]: section }
  return section
}
