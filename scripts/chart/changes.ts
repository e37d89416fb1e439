/** One line of `artifacthub.io/changes`. */
export interface Change {
  readonly kind: 'added' | 'changed' | 'deprecated' | 'removed' | 'fixed' | 'security'
  readonly description: string
}

const KINDS: ReadonlySet<string> = new Set(['added', 'changed', 'deprecated', 'removed', 'fixed', 'security'])

/**
 * What CHANGELOG.md says of a version, in the words of Artifact Hub.
 * @param heading of the section, such as `0.1.0` or `Unreleased`; what follows it in its line (a date) does not count
 * @throws Error when there is no such section, or it has a heading that Artifact Hub does not know
 */
export function changesOf(changelog: string, heading: string): Change[] {
  const sections = changelog.split(/^## /m).slice(1)
  const section = sections.find((text) => text.split(/[\s\]]/, 1)[0]?.replace('[', '') === heading)
  if (section === undefined) throw new Error(`CHANGELOG.md has no section ${heading}`)
  return section
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
