import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { parse } from 'yaml'
import { parseImage, pushedDigest, stageChart } from '../../../scripts/release/chart.ts'
import { ROOT } from '../../../scripts/root.ts'

/** Not a digest of anything. */
const DIGEST = `sha256:${'0123456789abcdef'.repeat(4)}`
const IMAGE = { registry: 'ghcr.io', repository: 'example/vigil', digest: DIGEST }
const CHART = join(ROOT, 'charts', 'vigil')

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'vigil-stage-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

const linesOf = (chart: string, file: string) => readFileSync(join(chart, file), 'utf8').split('\n')

test('the chart of a release installs the image by digest, and nothing else of it changes', () => {
  stageChart(CHART, join(folder, 'vigil'), IMAGE, { version: '1.2.3', changes: [] })
  const before = linesOf(CHART, 'values.yaml')
  const after = linesOf(join(folder, 'vigil'), 'values.yaml')
  expect(after).toHaveLength(before.length)
  expect(after.filter((line, i) => line !== before[i])).toEqual([
    '  registry: "ghcr.io"',
    '  repository: example/vigil',
    `  digest: "${DIGEST}"`,
  ])
})

test.each([
  ['1.2.3', 'false'],
  ['1.2.3-rc.1', 'true'],
])('Artifact Hub is told of the image, of what is new and whether %s is a release', (version, prerelease) => {
  stageChart(CHART, join(folder, 'vigil'), IMAGE, {
    version,
    changes: [{ kind: 'added', description: 'A thing: `key`.' }],
  })
  const { annotations, ...about } = parse(readFileSync(join(folder, 'vigil', 'Chart.yaml'), 'utf8'))
  const { annotations: own, ...same } = parse(readFileSync(join(CHART, 'Chart.yaml'), 'utf8'))
  expect(about).toEqual(same)
  expect(annotations).toEqual({
    ...own,
    'artifacthub.io/changes': '- kind: added\n  description: "A thing: `key`."\n',
    'artifacthub.io/prerelease': prerelease,
    'artifacthub.io/images': `- name: vigil\n  image: ghcr.io/example/vigil@${DIGEST}\n`,
  })
})

test('an image is named by what it is', () => {
  expect(parseImage(`ghcr.io/example/vigil@${DIGEST}`)).toEqual(IMAGE)
  expect(parseImage(`registry.example:5000/vigil@${DIGEST}`)).toMatchObject({
    registry: 'registry.example:5000',
    repository: 'vigil',
  })
})

test.each([
  'ghcr.io/example/vigil:1.2.3',
  'ghcr.io/example/vigil@sha256:0123',
  `ghcr.io/example/vigil:1.2.3@${DIGEST}`,
  'ghcr.io/example/vigil@',
  `@${DIGEST}`,
  `vigil@${DIGEST}`,
])('%s is no such name', (reference) => {
  expect(() => parseImage(reference)).toThrow('is not registry/repository@sha256:…')
})

test('the digest of the pushed chart is found in what Helm says', () => {
  expect(pushedDigest(`Pushed: ghcr.io/example/charts/vigil:1.2.3\nDigest: ${DIGEST}\n`)).toBe(DIGEST)
})

test.each([
  ['nothing', ''],
  ['no digest', 'Error: denied\n'],
  ['two digests', `Digest: ${DIGEST}\nDigest: ${DIGEST.replace('0', '1')}\n`],
])('with %s there is none', (_, said) => {
  expect(() => pushedDigest(said)).toThrow('helm push told no digest')
})
