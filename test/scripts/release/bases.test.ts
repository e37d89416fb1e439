import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { pinBases } from '../../../scripts/release/bases.ts'
import { ROOT } from '../../../scripts/root.ts'

const DOCKERFILE = readFileSync(join(ROOT, 'Dockerfile'), 'utf8')
/** Not a digest of anything. */
const DIGEST = `sha256:${'0123456789abcdef'.repeat(4)}`

let folder: string
let env: NodeJS.ProcessEnv

/** A false program; what it was called with stands in `NAME.log`. */
function program(name: string, script: string): void {
  writeFileSync(join(folder, name), `#!/bin/sh\necho "$*" >> "$0.log"\n${script}\n`)
  chmodSync(join(folder, name), 0o755)
}

const calledWith = (name: string) =>
  readFileSync(join(folder, `${name}.log`), 'utf8')
    .trim()
    .split('\n')

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'vigil-bases-'))
  env = { PATH: [folder, '/usr/bin', '/bin'].join(delimiter) }
  program('docker', `echo '"${DIGEST}"'`)
  program('cosign', ':')
})

afterEach(() => rmSync(folder, { recursive: true }))

test('both images of the Dockerfile are pinned, and distroless is asked to have signed the one that is shipped', () => {
  expect(pinBases(DOCKERFILE, env)).toEqual({
    BUILD_IMAGE: `node@${DIGEST}`,
    BASE_IMAGE: `gcr.io/distroless/nodejs26-debian13@${DIGEST}`,
  })
  expect(calledWith('docker')).toEqual(
    ['gcr.io/distroless/nodejs26-debian13:nonroot', 'node:26-trixie-slim'].map(
      (image) => `buildx imagetools inspect --format {{json .Manifest.Digest}} ${image}`,
    ),
  )
  expect(calledWith('cosign')).toEqual([
    `verify --output text --certificate-oidc-issuer https://accounts.google.com --certificate-identity keyless@distroless.iam.gserviceaccount.com gcr.io/distroless/nodejs26-debian13@${DIGEST}`,
  ])
})

test.each([
  [
    'a signature that is not theirs',
    'cosign',
    'echo no matching signatures >&2; exit 1',
    /^cosign verify ended with 1: no matching/,
  ],
  [
    'a registry that does not answer',
    'docker',
    'echo no such host >&2; exit 1',
    /^docker buildx ended with 1: no such host/,
  ],
  ['no digest', 'docker', 'echo null', /has no digest: null/],
  ['a digest that is none', 'docker', `echo '"sha256:0123"'`, /has no digest/],
  ['more than a digest', 'docker', `echo '"${DIGEST}"'; echo BUILD_IMAGE=other`, /has no digest/],
])('%s ends the release', (_, name, script, message) => {
  program(name, script)
  expect(() => pinBases(DOCKERFILE, env)).toThrow(message)
})

test('a Dockerfile that names no base ends the release', () => {
  expect(() => pinBases('FROM scratch\n', env)).toThrow('gives BASE_IMAGE no default')
})
