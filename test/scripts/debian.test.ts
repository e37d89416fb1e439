import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { DEBIAN_TOOLS, type DebianTool, ensureDebian, type Machine } from '../../scripts/tools/debian.ts'
import { ensureTools } from '../../scripts/tools/ensure.ts'
import { browserPath } from '../../scripts/tools/locate.ts'

/** Where the shell and its helpers are; a false program stands before them. */
const SYSTEM = ['/usr/bin', '/bin']
const HAMMER = 'echo made > "$(dirname "$0")/hammer"'

let folder: string
let machine: Machine
let tool: DebianTool

const path = (name: string) => join(folder, name)
const read = (name: string) => (existsSync(path(name)) ? readFileSync(path(name), 'utf8') : '')

/** Puts a false program before those of the machine; what it is called with stands in `NAME.log`. */
function program(name: string, script: string): void {
  writeFileSync(path(name), `#!/bin/sh\necho "$*" >> "$0.log"\n${script}\n`)
  chmodSync(path(name), 0o755)
}

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'vigil-debian-'))
  const env = { PATH: [folder, ...SYSTEM].join(delimiter) }
  machine = { isCi: true, isRoot: true, env, policy: path('policy'), tools: path('tools') }
  const find = () => (existsSync(path('hammer')) ? path('hammer') : undefined)
  tool = { name: 'hammer', package: 'hammer-cli', wanted: 'hammer', find }
})

afterEach(() => rmSync(folder, { recursive: true }))

describe('a tool of Debian', () => {
  test('that is there is taken, and nothing is installed', () => {
    program('apt-get', HAMMER)
    program('hammer', ':')
    expect(ensureDebian(tool, machine)).toBe('ready')
    expect(read('apt-get.log')).toBe('')
  })

  test('that is missing is never installed outside of CI, not even by root: the message says what to run', () => {
    program('apt-get', HAMMER)
    expect(() => ensureDebian(tool, { ...machine, isCi: false })).toThrow(
      'no hammer on PATH; run: sudo apt-get install --no-install-recommends hammer-cli',
    )
    expect(read('apt-get.log')).toBe('')
  })

  test('is installed by root in CI; what the package would start is not started meanwhile', () => {
    program('apt-get', `sh "${path('policy')}"; echo $? > "${path('policy-said')}"; ${HAMMER}`)
    expect(ensureDebian(tool, machine)).toBe('fetched')
    expect(read('apt-get.log')).toBe('install -y --no-install-recommends hammer-cli\n')
    expect(read('policy-said')).toBe('101\n')
    expect(existsSync(path('policy'))).toBe(false)
  })

  test('leaves a policy of the machine as it is', () => {
    program('apt-get', HAMMER)
    writeFileSync(path('policy'), 'of the machine')
    ensureDebian(tool, machine)
    expect(read('policy')).toBe('of the machine')
  })

  test('is asked for again with new lists, as a clean machine has none', () => {
    program('apt-get', `case "$1" in update) touch "$0.lists";; *) test -e "$0.lists" && ${HAMMER};; esac`)
    expect(ensureDebian(tool, machine)).toBe('fetched')
    expect(read('apt-get.log').split('\n').slice(0, 3)).toEqual([
      'install -y --no-install-recommends hammer-cli',
      'update',
      'install -y --no-install-recommends hammer-cli',
    ])
  })

  test('is installed by sudo where CI is not root', () => {
    program('apt-get', HAMMER)
    program('sudo', 'shift; exec "$@"')
    expect(ensureDebian(tool, { ...machine, isRoot: false })).toBe('fetched')
    expect(read('sudo.log')).toMatch(/^-n sh -c/)
  })

  test.each([
    [
      'apt-get fails',
      true,
      'echo first >&2; echo no network >&2; exit 100',
      /^sh did not bring hammer: .*no network/,
    ],
    ['apt-get brings something else', true, ':', /^sh did not bring hammer/],
    ['sudo asks for a password', false, ':', /^sudo did not bring hammer: a password is required$/],
  ])('is a failure when %s', (_, isRoot, script, message) => {
    program('apt-get', script)
    program('sudo', 'echo a password is required >&2; exit 1')
    expect(() => ensureDebian(tool, { ...machine, isRoot })).toThrow(message)
  })

  test('is a failure without sudo', () => {
    const env = { PATH: folder }
    expect(() => ensureDebian(tool, { ...machine, isRoot: false, env })).toThrow(
      /^sudo did not bring .*ENOENT/,
    )
  })
})

describe('a tool that is unpacked', () => {
  /** `apt-get download` leaves a file here, and `dpkg-deb` tells the tar of a package with one program. */
  const PACKAGE = 'touch hammer-cli_1_all.deb'
  const CONTENT = `cd "$(dirname "$0")" && mkdir -p usr/bin && echo made > usr/bin/hammer && tar -c ./usr`

  beforeEach(() => {
    const find = () => (existsSync(path('tools/hammer/hammer')) ? path('tools/hammer/hammer') : undefined)
    tool = { ...tool, isUnpacked: true, find }
    program('dpkg-deb', CONTENT)
  })

  test('is brought without root and outside of CI, and nothing is installed', () => {
    program('apt-get', PACKAGE)
    expect(ensureDebian(tool, { ...machine, isCi: false, isRoot: false })).toBe('fetched')
    expect(read('apt-get.log')).toBe('download hammer-cli\n')
    expect(read('tools/hammer/hammer')).toBe('made\n')
    expect(readdirSync(path('tools'))).toEqual(['hammer'])
  })

  test('is asked for again with new lists in CI', () => {
    program('apt-get', `case "$1" in update) touch "$0.lists";; *) test -e "$0.lists" && ${PACKAGE};; esac`)
    expect(ensureDebian(tool, machine)).toBe('fetched')
    expect(read('apt-get.log')).toBe('download hammer-cli\nupdate\ndownload hammer-cli\n')
  })

  test('leaves the lists of a machine that is not CI as they are', () => {
    program('apt-get', 'echo no such package >&2; exit 100')
    expect(() => ensureDebian(tool, { ...machine, isCi: false })).toThrow(
      'hammer-cli could not be unpacked: no such package',
    )
    expect(read('apt-get.log')).toBe('download hammer-cli\n')
    expect(readdirSync(path('tools'))).toEqual([])
  })

  test('is a failure when the package holds something else', () => {
    program('apt-get', PACKAGE)
    program('dpkg-deb', CONTENT.replaceAll('hammer', 'saw'))
    expect(() => ensureDebian(tool, machine)).toThrow('hammer-cli did not bring hammer')
  })

  test('is a failure where there is no apt-get', () => {
    const env = { PATH: folder }
    expect(() => ensureDebian(tool, { ...machine, env })).toThrow(/^hammer-cli could not be unpacked: /)
  })
})

test('Chromium is found by any of its names, and only if it starts', () => {
  const env = { PATH: folder }
  expect(browserPath(env)).toBeUndefined()
  program('chromium-browser', 'echo install the snap >&2; exit 1')
  expect(browserPath(env)).toBeUndefined()
  program('google-chrome', 'test "$1" = --version')
  expect(browserPath(env)).toBe('google-chrome')
})

test('the tools of Debian are among those that can be named', () => {
  expect(DEBIAN_TOOLS.map(({ name }) => name)).toEqual(['redis', 'faketime', 'chromium', 'promtool'])
  const said: string[] = []
  expect(ensureTools(['chromium-of-old'], (line) => said.push(line))).toEqual(['chromium-of-old'])
  expect(said[0]).toMatch(/unknown tool; known: .*valkey, .*redis, faketime, chromium, promtool/)
})
