import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from '@jest/globals'
import { ROOT } from '../../scripts/root.ts'
import type { Report } from './report.ts'

/** No time is asserted: this keeps the bench from rotting, the bench itself is for people. */
const folder = mkdtempSync(join(tmpdir(), 'vigil-bench-test-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const bench = (...args: string[]) =>
  spawnSync(process.execPath, ['test/bench/main.ts', ...args], { cwd: ROOT, encoding: 'utf8' })

describe('npm run bench', () => {
  test('measures every stage of the pipeline and writes what it found', () => {
    const json = join(folder, 'bench.json')
    const { status, stdout, stderr } = bench('--only', 'pipeline', '--per-case', '10', '--json', json)
    expect({ status, errors: stderr.match(/Error.*/g) }).toEqual({ status: 0, errors: null })
    const report = JSON.parse(readFileSync(json, 'utf8')) as Report
    expect(Object.keys(report)).toEqual(['machine', 'isQuick', 'pipeline', 'goals'])
    expect(report.machine.versions).toMatchObject({
      node: process.versions.node,
      jose: expect.stringMatching(/^\d/),
    })
    const names = report.pipeline?.map(({ name }) => name) ?? []
    for (const stage of [
      'whole decision',
      'decode',
      'identify',
      'DPoP proof',
      'gather',
      'recall',
      'assess',
      'decide',
      'enforce',
      'encode',
      'record',
      'learn',
    ]) {
      expect(names).toContainEqual(expect.stringContaining(stage))
    }
    for (const figure of report.pipeline ?? []) {
      expect(figure).toEqual({
        name: expect.any(String),
        medianNs: expect.any(Number),
        p99Ns: expect.any(Number),
        cpuNs: expect.any(Number),
        bytes: expect.any(Number),
        calls: expect.any(Number),
      })
      expect(figure.calls).toBeGreaterThan(0)
      expect(stdout).toContain(figure.name)
    }
  }, 60_000)

  test('measures gRPC against the empty handler, and says which goals that settles', () => {
    const json = join(folder, 'grpc.json')
    const rows = ['--rows', 'vigil, memory store']
    const args = ['--quick', '--only', 'grpc', '--rounds', '1', ...rows, '--json', json]
    const { status, stderr } = bench(...args)
    expect({ status, errors: stderr.match(/Error.*/g) }).toEqual({ status: 0, errors: null })
    expect(stderr).toContain('QUICK: left out are heimdall, authorino')
    const { grpc, goals } = JSON.parse(readFileSync(json, 'utf8')) as Report
    expect(grpc?.rows.map(({ name }) => name)).toEqual(['empty grpc-js handler', 'vigil, memory store'])
    for (const row of grpc?.rows ?? []) {
      expect(row).toMatchObject({
        cores: 1,
        perSecond: expect.any(Number),
        ratio: { mean: expect.any(Number) },
      })
      expect(Object.keys(row.at)).toEqual(['1000', '3000'])
    }
    // One round has no interval.
    const verdicts = new Set(goals.map(({ verdict }) => verdict))
    expect([...verdicts].filter((verdict) => verdict === 'met' || verdict === 'NOT MET')).toEqual([])
    expect(verdicts).toContain('in doubt')
  }, 180_000)

  test('says what it can do, and refuses what it cannot', () => {
    expect(bench('--help')).toMatchObject({ status: 0, stdout: expect.stringContaining('Examples') })
    const wrong = bench('--only', 'everything')
    expect(wrong.status).toBe(2)
    expect(wrong.stderr).toContain('give one of pipeline, grpc, memory, start')
  })

  test('says before it measures that its figures have no place to go', () => {
    const { status, stderr } = bench('--json', join(folder, 'nowhere', 'bench.json'))
    expect(status).toBe(2)
    expect(stderr).toContain('no such file or directory')
  })
})
