import { sectionOf } from './changelog.ts'

/** One line of `artifacthub.io/changes`. */
export interface Change {
  readonly kind: 'added' | 'changed' | 'deprecated' | 'removed' | 'fixed' | 'security'
  readonly description: string
}

const KINDS: ReadonlySet<string> = new Set(['added', 'changed', 'deprecated', 'removed', 'fixed', 'security'])

/**
 * What CHANGELOG.md says of a version, in the words of Artifact Hub.
 * @param version as the heading of its section has it, such as `0.1.0` or `Unreleased`
 * @throws Error when there is no such section, or it has a heading that Artifact Hub does not know
 */
export function changesOf(changelog: string, version: string): Change[] {
  return sectionOf(changelog, version)
    .split(/^### /m)
    .slice(1)
    .flatMap((part) => {
      const kind = (part.split('\n', 1)[0] ?? '').trim().toLowerCase()
      if (!isKind(kind)) throw new Error(`Artifact Hub knows no changes that are "${kind}"`)
      return entriesOf(part).map((description) => ({ kind, description }))
    })
}

const isKind = (word: string): word is Change['kind'] => KINDS.has(word)

/** Entries of a list, without links: they lead to files beside CHANGELOG.md. */
const entriesOf = (part: string): string[] =>
  [...part.matchAll(/^- (.*(?:\n {2}.*)*)/gm)].map(([, entry = '']) =>
    entry.replaceAll(/\s*\n\s*/g, ' ').replaceAll(/\[([^\]]+)\]\([^)]+\)/g, '$1'),
  )
