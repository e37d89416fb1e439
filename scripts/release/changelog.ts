/**
 * The section of a version in CHANGELOG.md, without its heading: `## 1.2.3`, which a date may follow.
 * @throws Error when there is none, or when it tells nothing
 */
export function sectionOf(changelog: string, version: string): string {
  const lines = changelog.split('\n')
  const start = lines.findIndex((line) => isHeadingOf(version, line))
  if (start < 0) throw new Error(`CHANGELOG.md has no section "## ${version}"`)
  const length = lines.slice(start + 1).findIndex((line) => line.startsWith('## '))
  const section = lines.slice(start + 1, length < 0 ? undefined : start + 1 + length)
  if (section.every((line) => line.trim() === '' || line.startsWith('#')))
    throw new Error(`the section "## ${version}" of CHANGELOG.md tells nothing`)
  return section.join('\n').trim()
}

function isHeadingOf(version: string, line: string): boolean {
  const [, named] = /^## (\S+?),?(?:\s.*)?$/.exec(line) ?? []
  return named === version
}

/** Links into the repository as links to what it was at the tag: notes are read elsewhere. */
export function withAbsoluteLinks(text: string, repository: string, tag: string): string {
  return text.replace(
    /\]\((?!https?:|#)([^()\s]+)\)/g,
    (_, target: string) => `](${repository}/blob/${tag}/${target})`,
  )
}
