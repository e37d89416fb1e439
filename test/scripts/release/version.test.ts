import { expect, test } from '@jest/globals'
import { isPrerelease, strayVersions, versionOfTag } from '../../../scripts/release/version.ts'

test.each([
  ['v1.2.3', '1.2.3', false],
  ['v0.10.0', '0.10.0', false],
  ['v1.2.3-rc.1', '1.2.3-rc.1', true],
])('%s is a release', (tag, version, isBefore) => {
  expect(versionOfTag(tag)).toBe(version)
  expect(isPrerelease(version)).toBe(isBefore)
})

test.each([
  '1.2.3',
  'v1.2',
  'v01.2.3',
  'v1.2.3+build',
  'v1.2.3 ',
  'vigil-1.2.3',
  'v1.2.3\nv1.2.4',
  '',
])('"%s" is none', (tag) => {
  expect(() => versionOfTag(tag)).toThrow('is not v and a version')
})

test('each place that tells another version is named', () => {
  const same = { package: '1.2.3', chart: '1.2.3', app: '1.2.3' }
  expect(strayVersions('1.2.3', same)).toEqual([])
  expect(strayVersions('1.2.3', { package: '1.2.2', chart: '1.2.3', app: '1.2.4' })).toEqual([
    'version of package.json is 1.2.2 and not 1.2.3',
    'appVersion of charts/vigil/Chart.yaml is 1.2.4 and not 1.2.3',
  ])
  expect(strayVersions('1.2.3', { ...same, chart: '0.1.0' })).toHaveLength(1)
})
