import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from '@jest/globals'
import { ROOT } from '../../../scripts/root.ts'
import type { GrowthReport } from './report.ts'

/** No time is asserted: this keeps the benches from rotting. */
const folder = mkdtempSync(join(tmpdir(), 'vigil-growth-test-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const run = (bench: string, ...args: string[]) =>
  spawnSync(process.execPath, [`test/bench/${bench}/main.ts`, ...args], { cwd: ROOT, encoding: 'utf8' })

test('npm run bench:growth measures a curve and writes what it found', () => {
  const json = join(folder, 'growth.json')
  const { status, stdout, stderr } = run('growth', '--quick', '--only', 'rules', '--json', json)
  expect({ status, errors: stderr.match(/Error.*/g) }).toEqual({ status: 0, errors: null })
  const report = JSON.parse(readFileSync(json, 'utf8')) as GrowthReport
  expect(Object.keys(report)).toEqual(['machine', 'isQuick', 'growth'])
  expect(Object.keys(report.growth)).toEqual(['rules'])
  for (const { name, points } of report.growth.rules ?? []) {
    expect(points.map(({ x }) => x)).toEqual([1, 10, 1000])
    for (const { figures } of points) expect(figures['cpuUs']?.median).toBeGreaterThan(0)
    expect(stdout).toContain(`${name}: rules`)
  }
}, 180_000)

describe.each(['envoy', 'growth'])('npm run bench:%s', (bench) => {
  test('says what it can do, and refuses what it cannot', () => {
    expect(run(bench, '--help')).toMatchObject({ status: 0, stdout: expect.stringContaining('Examples') })
    expect(run(bench, '--faster')).toMatchObject({
      status: 2,
      stderr: expect.stringContaining(`npm run bench:${bench} -- --help`),
    })
  })
})
