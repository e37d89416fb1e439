import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { parse } from 'yaml'
import { ALERTS_FILE, alertNames } from '../../chart/alerts.ts'
import { describeWithPromtool } from '../../harness/tools.ts'

const FOLDER = import.meta.dirname
const files = readdirSync(FOLDER).filter((file) => file.endsWith('.yaml'))

interface Case {
  readonly name: string
  readonly alert_rule_test: readonly { readonly alertname: string; readonly exp_alerts: readonly unknown[] }[]
}

describeWithPromtool('alerts, read by Prometheus itself', (promtool) => {
  const run = (...args: readonly string[]) => {
    const { status, stdout, stderr } = spawnSync(promtool, args, { encoding: 'utf8', timeout: 120_000 })
    return { status, said: `${stdout}${stderr}` }
  }

  test('are well formed', () => {
    expect(run('check', 'rules', ALERTS_FILE)).toEqual({
      status: 0,
      said: expect.stringContaining('SUCCESS'),
    })
  })

  test.each(files)('%s', (file) => {
    const { status, said } = run('test', 'rules', join(FOLDER, file))
    expect(status === 0 ? '' : said).toBe('')
  }, 120_000)
})

test('every alert is seen firing and quiet', () => {
  const cases = files.flatMap(
    (file) => (parse(readFileSync(join(FOLDER, file), 'utf8')) as { tests: Case[] }).tests,
  )
  const seen = (word: 'fires' | 'is quiet') => {
    const of = cases.filter(({ name }) => name.includes(` ${word}: `))
    for (const { name, alert_rule_test: tests } of of) {
      const last = tests.at(-1)
      expect([name, name.split(' ')[0], (last?.exp_alerts.length ?? 0) > 0]).toEqual([
        name,
        last?.alertname,
        word === 'fires',
      ])
    }
    return [...new Set(of.map(({ name }) => name.split(' ')[0]))].sort()
  }
  expect(seen('fires')).toEqual(alertNames().sort())
  expect(seen('is quiet')).toEqual(alertNames().sort())
})
