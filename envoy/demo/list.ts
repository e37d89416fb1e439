import type { Act } from './scene.ts'

/**
 * The acts whose title or one of whose scenes holds this text, whatever the case, and the acts that these need.
 * @throws Error when there is none
 */
export function selectActs(story: readonly Act[], text: string): readonly Act[] {
  const wanted = text.toLowerCase()
  const holds = (name: string) => name.toLowerCase().includes(wanted)
  const found = story.filter(({ title, scenes }) => holds(title) || scenes.some(({ name }) => holds(name)))
  if (found.length === 0) throw new Error(`no scene is called like this: ${text} (--list tells all)`)
  const needed = new Set(found.flatMap((act) => [act, ...(act.needs ?? [])]))
  return story.filter((act) => needed.has(act))
}

/** All acts with their scenes, numbered as when all are played. */
export function listOf(story: readonly Act[]): string {
  let number = 0
  return story
    .map(({ title, scenes }) =>
      [title, ...scenes.map(({ name }) => `${String(++number).padStart(4)}  ${name}`)].join('\n'),
    )
    .join('\n\n')
}

/** The same with what is sent and what should come back, in Markdown. */
export function listTable(story: readonly Act[]): string {
  const row = (...cells: readonly string[]) =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`
  const rows = story.flatMap(({ title, scenes }) => [
    row(`**${title}**`, '', ''),
    ...scenes.map(({ name, request, expected }) => row(name, request, expected)),
  ])
  return [row('scene', 'sent', 'what should come back'), '|---|---|---|', ...rows].join('\n')
}
