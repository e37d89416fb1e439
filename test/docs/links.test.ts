import { existsSync, globSync, readFileSync, statSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { describe, expect, test } from '@jest/globals'

const ROOT = join(import.meta.dirname, '../..')

/** Everything that people read; what only describes itself to a tool (schemas) has no links. */
const pages = globSync(['*.md', 'docs/**/*.md', 'envoy/**/*.md', 'k8s/**/*.md', 'src/**/*.md'], {
  cwd: ROOT,
}).sort()

const withoutCode = (text: string): string =>
  text.replace(/^(```+)[\s\S]*?^\1/gm, '').replace(/`[^`\n]*`/g, '')

/** `[text](target)` and `![text](target)`; the text may hold code. */
const linksOf = (file: string): string[] =>
  [...withoutCode(readFileSync(join(ROOT, file), 'utf8')).matchAll(/\]\(([^()\s]+)\)/g)].map(
    (m) => m[1] ?? '',
  )

/** The anchors of a page as GitHub makes them: of its headings, a repeated one with a number, and those written as HTML. */
function anchorsOf(file: string): ReadonlySet<string> {
  const text = readFileSync(join(ROOT, file), 'utf8').replace(/^(```+)[\s\S]*?^\1/gm, '')
  const anchors = new Set<string>()
  for (const [, heading = ''] of text.matchAll(/^#{1,6} +(.+?) *$/gm)) {
    const slug = heading
      .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\p{M}_ -]/gu, '')
      .replaceAll(' ', '-')
    let free = slug
    for (let count = 1; anchors.has(free); count++) free = `${slug}-${count}`
    anchors.add(free)
  }
  for (const [, id = ''] of text.matchAll(/<a (?:id|name)="([^"]+)"/g)) anchors.add(id)
  return anchors
}

/** Undefined where the link leads somewhere. */
function flaw(from: string, link: string): string | undefined {
  if (/^[a-z]+:/i.test(link)) return link.startsWith('https://') ? undefined : 'neither https nor a file'
  const [path = '', anchor] = link.split('#')
  const file = path === '' ? from : relative(ROOT, join(ROOT, dirname(from), decodeURIComponent(path)))
  if (file.startsWith('..') || !existsSync(join(ROOT, file))) return 'no such file'
  if (anchor === undefined) return undefined
  if (statSync(join(ROOT, file)).isDirectory() || !file.endsWith('.md')) return 'an anchor in what is no page'
  return anchorsOf(file).has(anchor) ? undefined : 'no such heading'
}

describe('links lead somewhere', () => {
  test.each(pages)('%s', (file) => {
    const flaws = linksOf(file).flatMap((link) => {
      const why = flaw(file, link)
      return why === undefined ? [] : [`${link}: ${why}`]
    })
    expect(flaws).toEqual([])
  })
})

test('the start page leads to every page, and to each of them once', () => {
  const linked = linksOf('README.md').filter((link) => link.startsWith('docs/') && link.endsWith('.md'))
  const existing = globSync('docs/*.md', { cwd: ROOT })
  expect(linked.sort()).toEqual(existing.sort())
})

describe('the reader of links', () => {
  test.each([
    ['nowhere.md', 'no such file'],
    ['../outside.md', 'no such file'],
    ['#no-such-heading', 'no such heading'],
    ['docs/schema/vigil.schema.json#x', 'an anchor in what is no page'],
    ['http://example.com', 'neither https nor a file'],
    ['docs/', undefined],
    ['docs/policy.md#shadow-rules', undefined],
    ['https://example.com/x#y', undefined],
  ])('%s', (link, why) => {
    expect(flaw('README.md', link)).toBe(why)
  })
})
