/** Parts of a page that are written from figures stand between `<!-- figures: NAME -->` and `<!-- end of NAME -->`. */

/** @throws when the page has a part that nobody writes, or lacks one that is written. */
export function withBlocks(page: string, blocks: Readonly<Record<string, string>>): string {
  const found = new Set<string>()
  const next = page.replace(
    /(<!-- figures: ([\w-]+) -->\n)[\s\S]*?(<!-- end of \2 -->)/g,
    (_whole, head: string, name: string, tail: string) => {
      const block = blocks[name]
      if (block === undefined) throw new Error(`nobody writes the figures named ${name}`)
      found.add(name)
      return `${head}\n${block.trim()}\n\n${tail}`
    },
  )
  const missing = Object.keys(blocks).filter((name) => !found.has(name))
  if (missing.length > 0) throw new Error(`the page has no place for the figures named ${missing.join(', ')}`)
  return next
}
