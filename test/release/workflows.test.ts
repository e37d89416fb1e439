/** What actionlint says of the workflows: their grammar, expressions, inputs of actions, and the shell in them. */
import { spawnSync } from 'node:child_process'
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { ROOT } from '../../scripts/root.ts'
import { describeWithLint, describeWithShellcheck } from '../harness/tools.ts'

const FOLDER = join(ROOT, '.github', 'workflows')
const FILES = globSync('*.yml', { cwd: FOLDER }).sort()

/** @param shellcheck empty: scripts are not read */
function lint(actionlint: string, shellcheck: string, file: string, text: string) {
  const args = [
    '-no-color',
    '-pyflakes=',
    `-shellcheck=${shellcheck}`,
    '-stdin-filename',
    join(FOLDER, file),
    '-',
  ]
  const { status, stdout, stderr } = spawnSync(actionlint, args, { cwd: ROOT, input: text, encoding: 'utf8' })
  return { status, said: stdout + stderr }
}

const textOf = (file: string) => readFileSync(join(FOLDER, file), 'utf8')

/** The release workflow with one mistake. */
function planted(was: string, is: string): string {
  const text = textOf('release.yml')
  expect(text).toContain(was)
  return text.replace(was, is)
}

describeWithLint('a workflow', 'actionlint', (path) => {
  test.each(FILES)('%s has nothing that is said of it', (file) => {
    expect(lint(path, '', file, textOf(file))).toEqual({ status: 0, said: '' })
  })

  test.each([
    ['a job that is none', 'needs: [check, image]', 'needs: [check, imgae]', /imgae.*does not exist/],
    [
      'an output that is none',
      'steps.build.outputs.digest',
      'steps.biuld.outputs.digest',
      /"biuld" is not defined/,
    ],
    [
      'an input that is none',
      'push-to-registry: true',
      'push-to-regsitry: true',
      /"push-to-regsitry" is not defined/,
    ],
    ['a permission that is none', 'packages: write', 'package: write', /unknown permission scope "package"/],
  ])('with %s is refused', (_, was, is, words) => {
    const { status, said } = lint(path, '', 'release.yml', planted(was, is))
    expect(said).toMatch(words)
    expect(status).toBe(1)
  })

  describeWithShellcheck('with shell that shellcheck reads', (shellcheck) => {
    test.each(FILES)('%s has nothing that is said of it', (file) => {
      expect(lint(path, shellcheck, file, textOf(file))).toEqual({ status: 0, said: '' })
    })

    test('is refused for a variable without quotes', () => {
      const text = planted('cosign sign --yes "$CHART"', 'cosign sign --yes $CHART')
      expect(lint(path, shellcheck, 'release.yml', text)).toMatchObject({
        status: 1,
        said: expect.stringContaining('SC2086'),
      })
    })
  })
})
