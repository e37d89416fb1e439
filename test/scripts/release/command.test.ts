import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { ROOT } from '../../../scripts/root.ts'

function release(args: readonly string[], input = '') {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['scripts/release.ts', ...args], {
    cwd: ROOT,
    encoding: 'utf8',
    input,
    timeout: 30_000,
  })
  return { status, stdout, stderr }
}

const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'))

test('check refuses a tag of another version, and prints nothing that could be taken for one', () => {
  const { status, stdout, stderr } = release(['check', 'v999.0.0'])
  expect({ status, stdout }).toEqual({ status: 1, stdout: '' })
  expect(stderr).toContain(`version of package.json is ${version} and not 999.0.0; version of charts/vigil`)
})

test('notes of a version that nobody told of are refused', () => {
  expect(release(['notes', 'v999.0.0', 'https://host.example/o/r'])).toEqual({
    status: 1,
    stdout: '',
    stderr: 'release: CHANGELOG.md has no section "## 999.0.0"\n',
  })
})

test('pushed reads what Helm said', () => {
  const digest = `sha256:${'0123456789abcdef'.repeat(4)}`
  expect(release(['pushed'], `Pushed: x\nDigest: ${digest}\n`)).toMatchObject({
    status: 0,
    stdout: `${digest}\n`,
  })
  expect(release(['pushed'], 'Error: denied\n')).toMatchObject({ status: 1, stdout: '' })
})

test.each([[[]], [['chrat']]])('%j is told what there is', (args) => {
  expect(release(args)).toMatchObject({
    status: 2,
    stderr: expect.stringMatching(/^Usage: npm run -s release/),
  })
})
