import { expect, test } from '@jest/globals'
import { sectionOf, withAbsoluteLinks } from '../../../scripts/release/changelog.ts'

const CHANGELOG = `# Changelog

## Unreleased

- Not yet.

## 1.10.0, 2026-12-01

### Added

- A thing ([docs/thing.md](docs/thing.md#how)).

## 1.1.0

- An older thing.

## 1.0.0

### Added
`

test('a section ends where the next begins', () => {
  expect(sectionOf(CHANGELOG, '1.10.0')).toBe('### Added\n\n- A thing ([docs/thing.md](docs/thing.md#how)).')
  expect(sectionOf(CHANGELOG, '1.1.0')).toBe('- An older thing.')
})

test.each(['1.1', '1.10.1', '10.0', '1x1.0'])('%s has none', (version) => {
  expect(() => sectionOf(CHANGELOG, version)).toThrow(`CHANGELOG.md has no section "## ${version}"`)
})

test('a section of headings alone tells nothing', () => {
  expect(() => sectionOf(CHANGELOG, '1.0.0')).toThrow('tells nothing')
})

test('links into the repository lead to the tag, others stay', () => {
  const text = '[a](docs/a.md#x) [b](https://semver.org) [c](#here) ![d](docs/d.svg)'
  expect(withAbsoluteLinks(text, 'https://host.example/o/r', 'v1.0.0')).toBe(
    '[a](https://host.example/o/r/blob/v1.0.0/docs/a.md#x) [b](https://semver.org) [c](#here) ' +
      '![d](https://host.example/o/r/blob/v1.0.0/docs/d.svg)',
  )
})
