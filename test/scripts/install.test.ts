import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, jest, test } from '@jest/globals'
import { cachedBinary, linkedBinary, type Places, type Tool } from '../../scripts/tools/catalog.ts'
import { type Fetch, install, isInstalled } from '../../scripts/tools/install.ts'

let scratch: string
let places: Places
let tool: Tool

beforeEach(() => {
  scratch = mkdtempSync(join(tmpdir(), 'vigil-install-'))
  places = { tools: join(scratch, 'clone'), cache: join(scratch, 'cache') }
  tool = {
    name: 'hammer',
    binary: 'hit',
    kind: 'wheel',
    entry: '/hit',
    requirements: join(scratch, 'hammer.txt'),
    versionArgs: ['--version'],
  }
  writeFileSync(tool.requirements, 'hammer==1')
})

afterEach(() => rmSync(scratch, { recursive: true }))

function fetcher(content = 'bang') {
  return jest.fn<Fetch>((wanted, into) => writeFileSync(join(into, wanted.binary), content))
}

test('fetches once, then is ready', () => {
  const fetch = fetcher()
  expect(install(tool, places, fetch)).toBe('fetched')
  expect(install(tool, places, fetch)).toBe('ready')
  expect(fetch).toHaveBeenCalledTimes(1)
  expect(readFileSync(linkedBinary(tool, places), 'utf8')).toBe('bang')
})

test('a second clone links what the first one fetched', () => {
  install(tool, places, fetcher())
  const second = { ...places, tools: join(scratch, 'second') }
  const fetch = fetcher()
  expect(install(tool, second, fetch)).toBe('linked')
  expect(fetch).not.toHaveBeenCalled()
  expect(isInstalled(tool, second)).toBe(true)
})

test('a changed pin is fetched anew and the old one stays for older clones', () => {
  install(tool, places, fetcher('old'))
  const before = cachedBinary(tool, places)
  writeFileSync(tool.requirements, 'hammer==2')
  expect(isInstalled(tool, places)).toBe(false)
  expect(install(tool, places, fetcher('new'))).toBe('fetched')
  expect(readFileSync(linkedBinary(tool, places), 'utf8')).toBe('new')
  expect(existsSync(before)).toBe(true)
})

test('an emptied cache is noticed behind the dangling link', () => {
  install(tool, places, fetcher())
  rmSync(places.cache, { recursive: true })
  expect(isInstalled(tool, places)).toBe(false)
  expect(install(tool, places, fetcher())).toBe('fetched')
})

test('a fetch that breaks off leaves nothing behind', () => {
  const half: Fetch = (wanted, into) => {
    writeFileSync(join(into, wanted.binary), 'ba')
    throw new Error('network gone')
  }
  expect(() => install(tool, places, half)).toThrow('network gone')
  expect(isInstalled(tool, places)).toBe(false)
  expect(readdirSync(places.cache)).toEqual([])
})

test('a package without the binary is an error', () => {
  expect(() => install(tool, places, () => undefined)).toThrow('hit is not in the fetched package')
})

test('losing the race against another clone is no error', () => {
  const first = fetcher('first')
  const late: Fetch = (wanted, into) => {
    install(tool, { ...places, tools: join(scratch, 'other') }, first)
    writeFileSync(join(into, wanted.binary), 'late')
  }
  expect(install(tool, places, late)).toBe('fetched')
  expect(readFileSync(linkedBinary(tool, places), 'utf8')).toBe('first')
})
