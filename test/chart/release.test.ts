/** The chart as a release packages it: it installs one image, by digest, and says the version of the tag. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { stringify } from 'yaml'
import { stageChart } from '../../scripts/release/chart.ts'
import { describeWithHelm } from '../harness/tools.ts'
import { CHART, parseObjects, runHelm } from './harness/helm.ts'
import { MINIMAL } from './harness/values.ts'

/** Not a digest of anything. */
const DIGEST = `sha256:${'0123456789abcdef'.repeat(4)}`

describeWithHelm('a released chart', (helm) => {
  test('is linted, packaged by version, and every container of Vigil is the pinned image', () => {
    const folder = mkdtempSync(join(tmpdir(), 'vigil-release-'))
    try {
      const staged = join(folder, 'vigil')
      stageChart(CHART, staged, '9.8.7', { repository: 'ghcr.io/example/vigil', digest: DIGEST })
      const values = join(folder, 'values.yaml')
      writeFileSync(values, stringify(MINIMAL))
      expect(runHelm(helm, ['lint', '--strict', staged])).toMatchObject({ status: 0 })
      const versions = ['--version', '9.8.7', '--app-version', '9.8.7']
      expect(runHelm(helm, ['package', staged, ...versions, '--destination', folder])).toMatchObject({
        status: 0,
      })
      const archive = join(folder, 'vigil-9.8.7.tgz')
      const said = runHelm(helm, [
        'template',
        'vigil',
        archive,
        '--kube-version',
        '1.36.0',
        '--values',
        values,
      ])
      expect(said).toMatchObject({ status: 0 })
      const objects = parseObjects(said.stdout)
      const images = objects
        .flatMap(({ spec }) => spec?.template?.spec?.containers ?? [])
        .map(({ image }) => image)
      expect(images.length).toBeGreaterThan(1)
      expect(new Set(images)).toEqual(new Set([`ghcr.io/example/vigil@${DIGEST}`]))
      expect(objects[0]?.metadata.labels).toMatchObject({ 'helm.sh/chart': 'vigil-9.8.7' })
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  })
})
