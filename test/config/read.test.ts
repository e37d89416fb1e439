import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from '@jest/globals'
import { hashSettings } from '../../src/config/hash.ts'
import { folderOf, readSettings } from '../../src/config/read.ts'

const root = mkdtempSync(join(tmpdir(), 'vigil-read-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))
const folder = () => mkdtempSync(join(root, 'case-'))
const keep = (settings: unknown, hash: string, from: string) =>
  ({ ok: true, value: { settings, hash, from } }) as const

async function readText(text: string) {
  const file = join(folder(), 'vigil.yaml')
  writeFileSync(file, text)
  const read = await readSettings(file, keep)
  if (!read.ok) throw new Error(read.problems.map(({ message }) => message).join('; '))
  return read.value
}

describe('the hash of a generation', () => {
  test('does not change with comments, the order of keys and written-out defaults', async () => {
    const plain = await readText('risk: { signals: { a: { x: 1, y: 2 }, b: {} } }\n')
    const same = await readText(
      '# the same\nrisk: { prior: 0.01, signals: { b: {}, a: { y: 2, x: 1 } } }\npolicy: []\n',
    )
    expect(same.hash).toBe(plain.hash)
    expect(plain.hash).toMatch(/^[0-9a-f]{16}$/)
  })

  test('changes with a value, and with the order of a list', () => {
    const hashes = [{ a: [1, 2] }, { a: [2, 1] }, { a: [1, 3] }, { b: [1, 2] }, { a: { 0: 1, 1: 2 } }].map(
      hashSettings,
    )
    expect(new Set(hashes).size).toBe(hashes.length)
  })
})

test('what is read comes from one real place, and the compiler learns which', async () => {
  const mount = folder()
  mkdirSync(join(mount, '..2026_01'))
  writeFileSync(join(mount, '..2026_01', 'vigil.yaml'), '{}')
  symlinkSync('..2026_01', join(mount, '..data'))
  symlinkSync(join('..data', 'vigil.yaml'), join(mount, 'vigil.yaml'))
  const file = join(mount, 'vigil.yaml')
  const read = await readSettings(file, keep)
  expect(read).toMatchObject({ ok: true, value: { from: join(mount, '..2026_01') } })
  // Names inside the file are relative to the stable folder, or they would die with their generation.
  expect(folderOf(file)).toBe(mount)
})

describe('a file that cannot be read', () => {
  test.each([
    ['is not there', 'none.yaml', 'there is no such file'],
    ['is a folder', '.', 'it is a folder; name the file in it'],
  ])('%s: a problem at its beginning', async (_what, name, message) => {
    const file = join(folder(), name)
    expect(await readSettings(file, keep)).toEqual({
      ok: false,
      problems: [{ file, line: 1, column: 1, message }],
    })
  })

  test.each([
    ['bytes that are not UTF-8', Buffer.from([0x61, 0xff]), 'not UTF-8 text'],
    [
      'nothing, as while it is being written',
      Buffer.alloc(0),
      'the file is empty; write {} for a configuration of defaults only',
    ],
    ['more than a configuration', Buffer.alloc(1024 * 1024 + 1, 0x20), 'larger than 1048576 bytes'],
    ['a list', Buffer.from('[]'), 'the file: expected a mapping, found a list'],
  ])('%s', async (_what, bytes, message) => {
    const file = join(folder(), 'vigil.yaml')
    writeFileSync(file, bytes)
    expect(await readSettings(file, keep)).toMatchObject({ ok: false, problems: [{ message }] })
  })
})
