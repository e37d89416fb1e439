import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { gzipSync } from 'node:zlib'
import { afterAll, describe, expect, test } from '@jest/globals'
import { readRecord } from '../../../src/audit/reading.ts'
import { MAX_LINE_BYTES } from '../../../src/cli/records/lines.ts'
import { type BrokenLine, readRecords } from '../../../src/cli/records/read.ts'
import { lineOf, recordOf } from './fixtures.ts'

const scratch = mkdtempSync(join(tmpdir(), 'vigil-records-'))
afterAll(() => rmSync(scratch, { recursive: true }))

async function read(file: string, chunks: readonly (Buffer | string)[] = []) {
  const ids: string[] = []
  const broken: BrokenLine[] = []
  const failure = await readRecords(file, Readable.from(chunks), {
    parse: readRecord,
    record: ({ id }) => ids.push(id),
    broken: (line) => broken.push(line),
  })
  return { ids, broken, failure }
}

const line = (id: string) => lineOf({ ...recordOf(), id })
const three = Buffer.from(`${line('a')}\n\n${line('ü')}\r\nnoise\n${line('c')}`)
const expected = { ids: ['a', 'ü', 'c'], broken: [{ line: 4, why: 'not valid JSON' }], failure: undefined }

describe('records are read whatever they come in', () => {
  test('from standard input, an empty line is nothing, a last line needs no break', async () => {
    expect(await read('-', [three])).toEqual(expected)
  })

  test('byte by byte, so that characters and line breaks are cut anywhere', async () => {
    expect(
      await read(
        '-',
        [...three].map((byte) => Buffer.of(byte)),
      ),
    ).toEqual(expected)
  })

  test('from a file, plain or gzip, whatever it is called', async () => {
    for (const [name, bytes] of [
      ['plain', three],
      ['zipped', gzipSync(three)],
      ['two members', Buffer.concat([gzipSync(three.subarray(0, 100)), gzipSync(three.subarray(100))])],
    ] as const) {
      writeFileSync(join(scratch, name), bytes)
      expect(await read(join(scratch, name))).toEqual(expected)
    }
  })

  test('gzip on standard input, too, in whatever chunks', async () => {
    const zipped = gzipSync(three)
    expect(await read('-', [zipped])).toEqual(expected)
    expect(
      await read(
        '-',
        [...zipped].map((byte) => Buffer.of(byte)),
      ),
    ).toEqual(expected)
  })

  test('nothing is no failure', async () => {
    expect(await read('-', [])).toEqual({ ids: [], broken: [], failure: undefined })
  })
})

describe('what cannot be read', () => {
  test('a line beyond the bound is passed over without being kept, and the next one is read', async () => {
    const piece = Buffer.alloc(MAX_LINE_BYTES / 4, 'x')
    const chunks = [piece, piece, piece, piece, piece, Buffer.from(`\n${line('next')}\n`)]
    const { ids, broken } = await read('-', chunks)
    expect(ids).toEqual(['next'])
    expect(broken).toEqual([{ line: 1, why: `longer than ${MAX_LINE_BYTES} bytes` }])
  })

  test('a file that is not there, and a folder', async () => {
    expect((await read(join(scratch, 'none'))).failure).toBe('there is no such file')
    expect((await read(scratch)).failure).toBe('it is a folder; name the file in it')
  })

  test('damaged gzip is told, and what stood before the damage is read', async () => {
    const many = Buffer.from(Array.from({ length: 5000 }, (_, i) => `${line(`r${i * 7919}`)}\n`).join(''))
    const zipped = gzipSync(many)
    const { ids, failure } = await read('-', [zipped.subarray(0, zipped.length / 2)])
    expect(failure).toMatch(/compressed data is damaged or cut off \(Z_/)
    expect(ids.length).toBeGreaterThan(100)
  })
})
