import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { changesOf } from '../../../scripts/release/changes.ts'
import { ROOT } from '../../../scripts/root.ts'

const CHANGELOG = `# Changelog

Words before.

## Unreleased

### Fixed

- A mistake.

## 1.2.0, 2027-01-02

The version that can more.

### Added

**Of one kind**

- A thing ([page](docs/page.md)) that
  goes on in the next line.
- Another: \`key\`.

### Security

- A hole is closed.

## 1.1.0
`

test('a section becomes changes, in their order, without links and breaks', () => {
  expect(changesOf(CHANGELOG, '1.2.0')).toEqual([
    { kind: 'added', description: 'A thing (page) that goes on in the next line.' },
    { kind: 'added', description: 'Another: `key`.' },
    { kind: 'security', description: 'A hole is closed.' },
  ])
  expect(changesOf(CHANGELOG, 'Unreleased')).toEqual([{ kind: 'fixed', description: 'A mistake.' }])
})

test.each([
  ['1.0.0', CHANGELOG, 'no section "## 1.0.0"'],
  ['1.2.0', CHANGELOG.replace('### Added', '### Improved'), 'no changes that are "improved"'],
])('no changes of %s: %#', (heading, changelog, words) => {
  expect(() => changesOf(changelog, heading)).toThrow(words)
})

test('the newest section of the changelog of this project can be told to Artifact Hub', () => {
  const changelog = readFileSync(join(ROOT, 'CHANGELOG.md'), 'utf8')
  const [, newest = ''] = /^## ([^\s,]+)/m.exec(changelog) ?? []
  const changes = changesOf(changelog, newest)
  expect(changes.length).toBeGreaterThan(0)
  const entries = changelog.split(/^## /m)[1]?.match(/^- /gm) ?? []
  expect(changes).toHaveLength(entries.length)
  for (const { description } of changes) {
    expect(description.length).toBeGreaterThan(10)
    expect(description).not.toMatch(/\]\(|\n/)
  }
})
