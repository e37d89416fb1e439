/** What two linters say of the Dockerfile, and that they would say something. */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { ROOT } from '../../scripts/root.ts'
import { describeWithLint } from '../harness/tools.ts'

const DOCKERFILE = join(ROOT, 'Dockerfile')
const text = readFileSync(DOCKERFILE, 'utf8')

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'vigil-dockerfile-'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

function lint(linter: string, dockerfile: string) {
  const file = join(folder, 'Dockerfile')
  writeFileSync(file, dockerfile)
  const { status, stdout, stderr } = spawnSync(linter, [file], { encoding: 'utf8', timeout: 60_000 })
  return { status, said: stdout + stderr }
}

/** The Dockerfile with one mistake. */
function planted(was: string, is: string): string {
  expect(text).toContain(was)
  return text.replace(was, is)
}

const LINTERS = {
  hadolint: [
    ['a working folder that depends on where one is', 'WORKDIR /app', 'WORKDIR app', 'DL3000'],
    ['a base of any version', 'ARG BASE_IMAGE=gcr', 'FROM node:latest\nARG BASE_IMAGE=gcr', 'DL3007'],
    ['a command in a shell that is not there', 'CMD ["serve"', 'CMD serve # ["', 'DL3025'],
  ],
  'dockerfile-check': [
    ['a working folder that depends on where one is', 'WORKDIR /app', 'WORKDIR app', 'WorkdirRelativePath'],
    ['a secret in an argument', 'ARG REVISION=unknown', 'ARG API_TOKEN', 'SecretsUsedInArgOrEnv'],
    ['an argument that nobody gave', 'version="$', 'version="$NOBODY$', 'UndefinedVar'],
    [
      'an instruction that is none',
      'STOPSIGNAL SIGTERM',
      'STOPSINGAL SIGTERM',
      'unknown instruction: STOPSINGAL',
    ],
  ],
} as const

for (const linter of ['hadolint', 'dockerfile-check'] as const)
  describeWithLint('the Dockerfile', linter, (path) => {
    test('has nothing that is said of it', () => {
      const { stdout } = spawnSync(path, ['--version'], { encoding: 'utf8' })
      process.stdout.write(`${linter}: ${stdout.trim()}\n`)
      expect(lint(path, text)).toEqual({ status: 0, said: '' })
    })

    test.each(LINTERS[linter].map((each) => [...each]))('with %s is refused', (_, was, is, rule) => {
      const { status, said } = lint(path, planted(was, is))
      expect(said).toContain(rule)
      expect(status).toBeGreaterThan(0)
    })
  })
