import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { PAGES } from '../../scripts/docs.ts'
import { ROOT } from '../../scripts/root.ts'

const current = (file: string) => readFileSync(join(ROOT, file), 'utf8')

test.each(PAGES.map((page) => [page.file, page] as const))('%s is what the code says', (file, page) => {
  expect(page.generate(current(file))).toBe(current(file))
})

test('every page that the README names is there', () => {
  const links = [...current('README.md').matchAll(/\]\(((?:docs|envoy|[A-Z]+\.md)[^)#]*)\)/g)].map(
    (match) => match[1] ?? '',
  )
  expect(links.length).toBeGreaterThan(15)
  expect(links.filter((link) => !existsSync(join(ROOT, link)))).toEqual([])
})
