/** The chart as a release packages it: it installs one image, by digest, and says the version of the tag. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { stringify } from 'yaml'
import { stageChart } from '../../scripts/release/chart.ts'
import { describeWithHelm } from '../harness/tools.ts'
import { CHART, type KubeObject, parseObjects, runHelm } from './harness/helm.ts'
import { MINIMAL } from './harness/values.ts'

/** Not a digest of anything. */
const DIGEST = `sha256:${'0123456789abcdef'.repeat(4)}`

describeWithHelm('a released chart', (helm) => {
  let folder: string
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'vigil-release-'))
    const image = { registry: 'ghcr.io', repository: 'example/vigil', digest: DIGEST }
    stageChart(CHART, join(folder, 'vigil'), image, { version: '9.8.7', changes: [] })
    writeFileSync(join(folder, 'values.yaml'), stringify(MINIMAL))
    const versions = ['--version', '9.8.7', '--app-version', '9.8.7']
    const said = runHelm(helm, ['package', join(folder, 'vigil'), ...versions, '--destination', folder])
    expect(said).toMatchObject({ status: 0, stderr: '' })
  })
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  function render(...args: string[]): KubeObject[] {
    const archive = join(folder, 'vigil-9.8.7.tgz')
    const values = ['--kube-version', '1.36.0', '--values', join(folder, 'values.yaml')]
    const { status, stdout, stderr } = runHelm(helm, ['template', 'vigil', archive, ...values, ...args])
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
    return parseObjects(stdout)
  }

  const imagesOf = (objects: readonly KubeObject[]): string[] =>
    objects.flatMap(({ spec }) => spec?.template?.spec?.containers ?? []).map(({ image }) => image)

  test('passes helm lint --strict', () => {
    expect(runHelm(helm, ['lint', '--strict', join(folder, 'vigil')])).toMatchObject({ status: 0 })
  })

  test('says the version of the tag, and every container of Vigil is the pinned image', () => {
    const objects = render()
    expect(objects[0]?.metadata.labels).toMatchObject({ 'helm.sh/chart': 'vigil-9.8.7' })
    const images = imagesOf(objects)
    expect(images.length).toBeGreaterThan(1)
    expect(new Set(images)).toEqual(new Set([`ghcr.io/example/vigil@${DIGEST}`]))
  })

  test('takes the same image from a mirror', () => {
    const images = imagesOf(render('--set', 'image.registry=mirror.example'))
    expect(new Set(images)).toEqual(new Set([`mirror.example/example/vigil@${DIGEST}`]))
  })
})
