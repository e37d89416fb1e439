import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { ROOT } from '../../../scripts/root.ts'
import { readAudit } from '../../../scripts/supply/audit.ts'
import { ALLOWED, flawsOfLicences } from '../../../scripts/supply/licences.ts'
import {
  flawsOfPins,
  type Locked,
  type Manifest,
  readLock,
  readManifest,
} from '../../../scripts/supply/lock.ts'
import { makeSbom, onlyShipped } from '../../../scripts/supply/sbom.ts'
import { flawsOfScripts, NOT_NEEDED } from '../../../scripts/supply/scripts.ts'

const locked = readLock()
const shipped = locked.filter(({ isShipped }) => isShipped)
const made = (parts: Partial<Locked>): Locked => ({
  name: 'a',
  version: '1.0.0',
  path: 'node_modules/a',
  license: 'MIT',
  integrity: 'sha512-AAAA',
  resolved: '',
  isShipped: true,
  hasInstallScript: false,
  ...parts,
})
const manifest = (dependencies: Record<string, string>, overrides = {}): Manifest => ({
  dependencies,
  devDependencies: {},
  optionalDependencies: {},
  overrides,
})

describe('pins', () => {
  test('every package is there by exact version and SHA-512, and the lockfile names no host', () => {
    expect(locked.length).toBeGreaterThan(400)
    expect(flawsOfPins(readManifest(), locked)).toEqual([])
  })

  test.each<[string, Record<string, string>, object, Partial<Locked>, string]>([
    ['a range', { a: '^1.0.0' }, {}, {}, 'a: "^1.0.0" is no exact version'],
    ['a tag', { a: 'latest' }, {}, {}, 'no exact version'],
    ['a repository', { a: 'github:a/a' }, {}, {}, 'no exact version'],
    ['a range under another name', { a: 'npm:@b/c@~1.0.0' }, {}, {}, 'no exact version'],
    ['a range that overrides', {}, { b: { a: '1.x' } }, {}, 'no exact version'],
    ['no hash', {}, {}, { integrity: '' }, 'node_modules/a: no SHA-512'],
    ['a weak hash', {}, {}, { integrity: 'sha1-AAAA' }, 'no SHA-512'],
    ['a host', {}, {}, { resolved: 'https://packages.example.com/a.tgz' }, 'comes from https://packages'],
  ])('a planted mistake is found: %s', (_, dependencies, overrides, parts, flaw) => {
    const flaws = flawsOfPins(manifest(dependencies, overrides), [made(parts)])
    expect(flaws).toEqual([expect.stringContaining(flaw)])
  })
})

describe('install scripts', () => {
  test('every package that brings one has been looked at, and none of them is gone', () => {
    expect(flawsOfScripts(locked)).toEqual([])
    const bringing = locked.filter(({ hasInstallScript }) => hasInstallScript).map(({ name }) => name)
    expect([...new Set(bringing)].sort()).toEqual(Object.keys(NOT_NEEDED).sort())
  })

  test('none runs', () => {
    expect(readFileSync(join(ROOT, '.npmrc'), 'utf8')).toMatch(/^ignore-scripts=true$/m)
    for (const file of ['.ci/run', 'Dockerfile'])
      for (const [command] of readFileSync(join(ROOT, file), 'utf8').matchAll(
        /npm (?:ci|prune|install)\b.*/g,
      ))
        expect(command).toContain('--ignore-scripts')
  })

  test('a planted one is found', () => {
    expect(flawsOfScripts([made({ hasInstallScript: true })])).toEqual([
      expect.stringMatching(/^a@1\.0\.0 has an install script/),
    ])
  })
})

describe('licences', () => {
  test('all that is shipped has one that is allowed, and none is allowed that nothing has', () => {
    expect(flawsOfLicences(locked)).toEqual([])
    expect([...new Set(shipped.map(({ license }) => license))].sort()).toEqual(Object.keys(ALLOWED).sort())
  })

  test.each([
    ['forbidden', 'AGPL-3.0-only', 'a@1.0.0: AGPL-3.0-only is not allowed'],
    ['with a way out that nobody has chosen', '(MIT OR GPL-3.0-only)', 'not allowed'],
    ['in a file', 'SEE LICENSE IN LICENSE.md', 'not allowed'],
    ['none', '', 'a@1.0.0 tells no licence'],
    ['that looks like a member of every object', 'constructor', 'not allowed'],
  ])('a planted one is found: %s', (_, license, flaw) => {
    expect(flawsOfLicences([made({ license })])).toEqual([expect.stringContaining(flaw)])
    expect(flawsOfLicences([made({ license, isShipped: false })])).toEqual([])
  })

  test('the packages that are installed say the same as the lockfile', () => {
    let count = 0
    for (const { path, license, version } of shipped) {
      let own: { license?: string; version?: string }
      try {
        own = JSON.parse(readFileSync(join(ROOT, path, 'package.json'), 'utf8'))
      } catch {
        continue // of another platform
      }
      expect([path, own.version, own.license]).toEqual([path, version, license])
      count += 1
    }
    expect(count).toBeGreaterThan(90)
  })
})

describe('the bill of materials', () => {
  test('holds what is shipped, all of it and nothing else', () => {
    const bom = makeSbom()
    expect(bom).toMatchObject({ bomFormat: 'CycloneDX', metadata: { component: { name: 'vigil' } } })
    const told = bom.components.map(({ name, version }) => `${name}@${version}`)
    expect(told.sort()).toEqual([...new Set(shipped.map(({ name, version }) => `${name}@${version}`))].sort())
  })

  test('leaves nothing behind of what is for development', () => {
    const component = (name: string, isDev = false) => ({
      'bom-ref': `${name}@1.0.0`,
      name,
      version: '1.0.0',
      properties: isDev ? [{ name: 'cdx:npm:package:development', value: 'true' }] : [],
    })
    const bom = onlyShipped({
      bomFormat: 'CycloneDX',
      metadata: { component: { ...component('vigil'), name: 'folder' } },
      components: [component('a'), component('b', true)],
      dependencies: [
        { ref: 'vigil@1.0.0', dependsOn: ['a@1.0.0', 'b@1.0.0'] },
        { ref: 'b@1.0.0', dependsOn: ['a@1.0.0'] },
      ],
    })
    expect(bom.components.map(({ name }) => name)).toEqual(['a'])
    expect(bom.dependencies).toEqual([{ ref: 'vigil@1.0.0', dependsOn: ['a@1.0.0'] }])
    expect(bom.metadata.component.name).toBe('vigil')
  })
})

describe('what the registry said', () => {
  test.each<[string, string, string, object]>([
    [
      'nothing is known',
      '{"vulnerabilities":{},"metadata":{"dependencies":{"total":600}}}',
      '',
      { state: 'clean', packages: 600 },
    ],
    [
      'one is known',
      '{"vulnerabilities":{"a":{"name":"a","severity":"high"}},"metadata":{}}',
      '',
      { state: 'found', names: ['a (high)'] },
    ],
    [
      'it takes no questions',
      '{"message":"405 Method Not Allowed"}',
      '',
      { state: 'not-asked', why: '405 Method Not Allowed' },
    ],
    [
      'it is not there',
      '{"error":{"code":"ENOTFOUND","summary":"no such host"}}',
      '',
      { state: 'not-asked', why: 'no such host' },
    ],
    ['npm says nothing', '', 'npm error one\nnpm error two\n', { state: 'not-asked', why: 'npm error two' }],
    ['nobody says anything', '', '', { state: 'not-asked', why: 'npm said nothing' }],
  ])('%s', (_, stdout, stderr, expected) => {
    expect(readAudit(stdout, stderr)).toEqual(expected)
  })
})
