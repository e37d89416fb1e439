/** What no workflow may do: more than it must, what others can reach, or code that nobody named. */
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { parse } from 'yaml'
import { ROOT } from '../../scripts/root.ts'

type Step = { uses?: string; run?: string; with?: Record<string, unknown> }
type Job = { permissions?: unknown; uses?: string; steps?: Step[]; 'timeout-minutes'?: number }
type Workflow = {
  on: unknown
  permissions?: unknown
  concurrency?: unknown
  defaults?: { run?: { shell?: string } }
  jobs: Record<string, Job>
}

/** Who may write what, by file and job; everything else reads. */
const MAY_WRITE: Readonly<Record<string, readonly string[]>> = {
  'release.yml image': ['packages', 'id-token', 'attestations'],
  'release.yml chart': ['packages', 'id-token', 'attestations'],
  'release.yml publish': ['contents'],
}

const FOLDER = join(ROOT, '.github', 'workflows')
const FILES = globSync('*', { cwd: FOLDER }).sort()

/** A workflow of this repository, a major or full version, or a commit. */
const NAMED = /^(\.\/\S+|[\w.-]+\/[\w./-]+@(v\d+(\.\d+){0,2}|[0-9a-f]{40}))$/

function flawsOfStep(step: Step): string[] {
  const flaws: string[] = []
  if (step.uses !== undefined && !NAMED.test(step.uses)) flaws.push(`${step.uses} names no version`)
  if (step.uses?.startsWith('actions/checkout@') && step.with?.['persist-credentials'] !== false)
    flaws.push('checkout leaves its token behind')
  // What stands there is put into the script before the shell reads it, quotes and all.
  if (step.run?.includes('$' + '{{')) flaws.push(`an expression in a script: ${step.run.trim()}`)
  return flaws
}

function flawsOfJob(file: string, name: string, job: Job): string[] {
  const flaws = (job.steps ?? []).flatMap(flawsOfStep)
  const { permissions } = job
  if (typeof permissions !== 'object' || permissions === null) flaws.push('permissions are not listed')
  else {
    const allowed = MAY_WRITE[`${file} ${name}`] ?? []
    for (const [scope, access] of Object.entries(permissions))
      if (access !== 'read' && !allowed.includes(scope)) flaws.push(`may not ${access} ${scope}`)
  }
  if (job.uses !== undefined) flaws.push(...flawsOfStep({ uses: job.uses }))
  else if (job['timeout-minutes'] === undefined) flaws.push('no time limit')
  return flaws.map((flaw) => `${name}: ${flaw}`)
}

function flawsOf(file: string, text: string): string[] {
  const { on, permissions, concurrency, defaults, jobs } = parse(text) as Workflow
  const flaws = Object.entries(jobs).flatMap(([name, job]) => flawsOfJob(file, name, job))
  if (JSON.stringify(permissions) !== '{}') flaws.push('permissions start with something')
  if (concurrency === undefined) flaws.push('no concurrency')
  // Without it GitHub's bash goes on when the first program of a pipe fails.
  if (defaults?.run?.shell !== 'bash') flaws.push('scripts run without pipefail')
  if (/pull_request_target|workflow_run/.test(JSON.stringify(on)))
    flaws.push('runs with secrets for code of others')
  return flaws
}

test('there are workflows', () => {
  expect(FILES).toEqual(['ci.yml', 'release.yml'])
})

test.each(FILES)('%s takes no more than it must', (file) => {
  expect(flawsOf(file, readFileSync(join(FOLDER, file), 'utf8'))).toEqual([])
})

describe('a planted mistake is found:', () => {
  const release = readFileSync(join(FOLDER, 'release.yml'), 'utf8')

  test.each([
    ['permissions for all', 'permissions: {}', 'permissions: write-all', 'permissions start with something'],
    ['a job that may all', 'permissions:\n      contents: write', 'permissions: write-all', 'not listed'],
    [
      'a job that writes more',
      'contents: read\n      packages',
      'contents: write\n      packages',
      'may not write',
    ],
    [
      'an action by branch',
      'docker/setup-qemu-action@v4',
      'docker/setup-qemu-action@master',
      'names no version',
    ],
    [
      'an action without version',
      'docker/setup-qemu-action@v4',
      'docker/setup-qemu-action',
      'names no version',
    ],
    ['code of others with secrets', 'on:\n', 'on:\n  pull_request_target:\n', 'secrets for code of others'],
    [
      'a token that stays',
      'persist-credentials: false',
      'persist-credentials: true',
      'leaves its token behind',
    ],
    ['an expression in a script', 'cosign sign --yes "$CHART"', 'echo $' + '{{ github.ref }}', 'in a script'],
    ['a job without end', '    timeout-minutes: 10\n', '', 'no time limit'],
    ['a pipe that hides a failure', 'shell: bash', 'shell: sh', 'without pipefail'],
    ['runs side by side', 'concurrency:', 'x-concurrency:', 'no concurrency'],
  ])('%s', (_, was, is, flaw) => {
    expect(release).toContain(was)
    expect(flawsOf('release.yml', release.replace(was, is)).join('\n')).toContain(flaw)
  })
})

test('the release signs and verifies in the same job, and builds on what was pinned', () => {
  const { jobs } = parse(readFileSync(join(FOLDER, 'release.yml'), 'utf8')) as Workflow
  for (const name of ['image', 'chart']) {
    const script = (jobs[name]?.steps ?? []).map(({ run = '' }) => run).join('\n')
    expect(script.match(/^cosign sign /gm)).toHaveLength(1)
    expect(script.match(/^cosign verify .*"\$ISSUER".*"\$IDENTITY"/gm)).toHaveLength(1)
  }
  const chart = (jobs['chart']?.steps ?? []).map(({ run = '' }) => run).join('\n')
  expect(chart).toMatch(
    /npm run -s supply -- sbom > "out\/vigil-\$VERSION\.cdx\.json"[\s\S]*for file in .*\.tgz" .*\.cdx\.json"; do\n *cosign sign-blob/,
  )
  const build = jobs['image']?.steps?.find(({ uses }) => uses?.startsWith('docker/build-push-action@'))
  expect(build?.with).toMatchObject({
    platforms: 'linux/amd64,linux/arm64',
    sbom: true,
    provenance: 'mode=max',
  })
  for (const argument of ['BUILD_IMAGE', 'BASE_IMAGE'])
    expect(build?.with?.['build-args']).toContain(`${argument}=\${{ steps.bases.outputs.${argument} }}`)
})
