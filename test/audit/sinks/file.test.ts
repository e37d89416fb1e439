import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from '@jest/globals'
import { fileSink } from '../../../src/audit/sinks/file.ts'

const dir = mkdtempSync(join(tmpdir(), 'vigil-file-sink-'))
afterAll(() => rmSync(dir, { recursive: true }))

const OPTIONS = { clock: { nowMs: () => 0 }, warn: () => undefined }

describe('the file sink', () => {
  test('a new file may be read by its owner only', async () => {
    const path = join(dir, 'new.jsonl')
    const sink = fileSink(path, OPTIONS)
    const settled: boolean[] = []
    sink.write(Buffer.from('a\n'), (isWritten) => settled.push(isWritten))
    await sink.close()
    expect(statSync(path).mode & 0o777).toBe(0o600)
    expect(readFileSync(path, 'utf8')).toBe('a\n')
    expect(settled).toEqual([true])
  })

  test('it appends', async () => {
    const path = join(dir, 'old.jsonl')
    writeFileSync(path, 'before\n')
    const sink = fileSink(path, OPTIONS)
    sink.write(Buffer.from('a\n'), () => undefined)
    sink.write(Buffer.from('b\n'), () => undefined)
    await sink.close()
    expect(readFileSync(path, 'utf8')).toBe('before\na\nb\n')
  })

  test('a directory that does not exist: broken once, every line told as lost, closing ends', async () => {
    const sink = fileSink(join(dir, 'none', 'x.jsonl'), OPTIONS)
    const reasons: string[] = []
    const settled: boolean[] = []
    const broken = new Promise<void>((resolve) => {
      sink.onBroken((reason) => {
        reasons.push(reason)
        resolve()
      })
    })
    sink.write(Buffer.from('a\n'), (isWritten) => settled.push(isWritten))
    await broken
    await new Promise<void>((resolve) => {
      sink.write(Buffer.from('b\n'), (isWritten) => {
        settled.push(isWritten)
        resolve()
      })
    })
    await sink.close()
    expect(reasons).toEqual(['ENOENT'])
    expect(settled).toEqual([false, false])
  })

  test('it asks for a pause when its buffer is full, and tells when it is ready', async () => {
    const sink = fileSink(join(dir, 'big.jsonl'), OPTIONS)
    const ready = new Promise<void>((resolve) => sink.onReady(resolve))
    expect(sink.write(Buffer.from('x'.repeat(1 << 20)), () => undefined)).toBe(false)
    await ready
    expect(sink.write(Buffer.from('y'), () => undefined)).toBe(true)
    await sink.close()
  })

  test('moved away while it runs, batch by batch: no line is lost and each file holds whole ones', async () => {
    const path = join(dir, 'turning.jsonl')
    const sink = fileSink(path, { ...OPTIONS, rotation: { maxBytes: 20, keep: 100 } })
    const settled: boolean[] = []
    for (let i = 0; i < 50; i++)
      sink.write(Buffer.from(`{"i":${i}}\n`), (isWritten) => settled.push(isWritten))
    await sink.close()
    const files = readdirSync(dir).filter((name) => name.startsWith('turning.jsonl'))
    const texts = files.map((name) => readFileSync(join(dir, name), 'utf8'))
    expect(files.length).toBeGreaterThan(10)
    expect(texts.every((text) => text.endsWith('\n'))).toBe(true)
    const numbers = texts.flatMap((text) => text.trim().split('\n')).map((text) => JSON.parse(text).i)
    expect(numbers.sort((a, b) => a - b)).toEqual(Array.from({ length: 50 }, (_, i) => i))
    expect(settled).toEqual(new Array(50).fill(true))
  })
})
