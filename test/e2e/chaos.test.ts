/** The short campaign, as `npm run chaos -- --short` holds it: one test for each fault. */
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { ROOT } from '../../scripts/root.ts'
import { DEFAULT_ENVOY } from '../../scripts/tools/catalog.ts'
import type { Row } from '../chaos/campaign.ts'
import { FAULTS } from '../chaos/faults/index.ts'
import type { Figures } from '../chaos/main.ts'
import type { Fault } from '../chaos/promise.ts'
import { wrongOf } from '../chaos/table.ts'
import { start } from '../harness/process.ts'
import { describeWithEnvoy, describeWithFaketime, describeWithValkey } from '../harness/tools.ts'

const SHORT = FAULTS.filter(({ isFullOnly }) => isFullOnly === undefined)
const turnsClocks = ({ name }: Fault) => name.startsWith('clock-')

describeWithEnvoy('faults under load', DEFAULT_ENVOY, () => {
  describeWithValkey('the short campaign', () => {
    const folder = mkdtempSync(join(tmpdir(), 'vigil-chaos-test-'))
    let rows: ReadonlyMap<string, Row> = new Map()
    let output = ''

    beforeAll(async () => {
      const json = join(folder, 'chaos.json')
      const args = ['test/chaos/main.ts', '--short', '--json', json]
      const campaign = start(process.execPath, args, { cwd: ROOT })
      await campaign.ended
      output = campaign.output()
      if (!existsSync(json)) throw new Error(output)
      const figures = JSON.parse(readFileSync(json, 'utf8')) as Figures
      rows = new Map(figures.rows.map((row) => [row.name, row]))
    }, 900_000)

    afterAll(() => {
      rmSync(folder, { recursive: true, force: true })
      // How long things took is for people.
      process.stdout.write(output)
    })

    const testEach = (faults: readonly Fault[]) =>
      test.each(faults.map(({ name, title }) => [name, title]))('%s: %s', (name) => {
        const row = rows.get(name)
        if (row === undefined) throw new Error(`no such row:\n${output}`)
        expect({ flaws: row.flaws, wrong: wrongOf(row) }).toEqual({ flaws: [], wrong: 0 })
      })

    testEach(SHORT.filter((fault) => !turnsClocks(fault)))
    describeWithFaketime('clocks', () => testEach(SHORT.filter(turnsClocks)))
  })
})
