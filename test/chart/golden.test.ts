/**
 * Golden renders: values in, objects out, by both majors of Helm.
 * `UPDATE_GOLDEN=1 npm run test:e2e -- test/chart/golden` writes the expectations; read every line that changed.
 */
import { globSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { parse } from 'yaml'
import { describeWithHelm } from '../harness/tools.ts'
import { CHART, type Said, template } from './harness/helm.ts'

const IS_UPDATING = process.env['UPDATE_GOLDEN'] === '1'
const HEAD = '# Written by UPDATE_GOLDEN=1 (see CONTRIBUTING.md). Read every line that changed.\n'
const CASES = join(import.meta.dirname, 'cases')

const names = globSync('*.in.yaml', { cwd: CASES })
  .map((file) => file.replace('.in.yaml', ''))
  .sort()
const input = (name: string) => readFileSync(join(CASES, `${name}.in.yaml`), 'utf8')
/** What a case shows: its first line. */
const shown = (name: string) => (input(name).split('\n', 1)[0] ?? '').slice(2)
const outputFile = (name: string) => join(CASES, `${name}.out.yaml`)

/** Empty lines are told in other ways by Helm 3 and 4; a random key is another one each time. */
const steady = (text: string) =>
  text.replace(/\n{2,}/g, '\n').replace(/^( {2}instance-key\.yaml: )[A-Za-z0-9+/=]{100,}$/gm, '$1RANDOM')

/** Helm 4 writes an expectation, Helm 3 must say the same. */
function expectGolden({ status, stdout, stderr }: Said, name: string, which: string): void {
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
  const text = `${HEAD}${steady(stdout)}`
  if (IS_UPDATING && which === 'helm') writeFileSync(outputFile(name), text)
  expect(text).toBe(readFileSync(outputFile(name), 'utf8'))
}

/** Ready files of values, and what a user adds to each: the dev store is the store, all others need one. */
const READY = globSync('*.yaml', { cwd: join(CHART, 'values') })
  .map((file) => file.replace('.yaml', ''))
  .sort()
const USER = parse(readFileSync(join(import.meta.dirname, 'harness', 'user.yaml'), 'utf8'))
const userOf = (name: string) => (name === 'dev' ? { config: { dynamic: USER.config.dynamic } } : USER)

describeWithHelm('a ready file of values renders', (helm, which) => {
  test.each(READY)('%s', (name) => {
    const args = ['--values', join(CHART, 'values', `${name}.yaml`)]
    expectGolden(template(helm, userOf(name), { args }), `ready-${name}`, which)
  })
})

describeWithHelm('the chart renders', (helm, which) => {
  test.each(names.map((name) => [name, shown(name)] as const))('%s: %s', (name) => {
    expectGolden(template(helm, parse(input(name))), name, which)
  })
})

test('every expectation has its values', () => {
  const outputs = globSync('*.out.yaml', { cwd: CASES }).map((file) => file.replace('.out.yaml', ''))
  expect(outputs.sort()).toEqual([...names, ...READY.map((name) => `ready-${name}`)].sort())
})
