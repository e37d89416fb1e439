import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from '@jest/globals'
import { fileSink } from '../../../src/audit/sinks/file.ts'

const dir = mkdtempSync(join(tmpdir(), 'vigil-file-sink-'))
afterAll(() => rmSync(dir, { recursive: true }))

describe('the file sink', () => {
  test('a new file may be read by its owner only', async () => {
    const path = join(dir, 'new.jsonl')
    const sink = fileSink(path)
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
    const sink = fileSink(path)
    sink.write(Buffer.from('a\n'), () => undefined)
    sink.write(Buffer.from('b\n'), () => undefined)
    await sink.close()
    expect(readFileSync(path, 'utf8')).toBe('before\na\nb\n')
  })

  test('a directory that does not exist: broken once, every line told as lost, closing ends', async () => {
    const sink = fileSink(join(dir, 'none', 'x.jsonl'))
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
    const sink = fileSink(join(dir, 'big.jsonl'))
    const ready = new Promise<void>((resolve) => sink.onReady(resolve))
    expect(sink.write(Buffer.from('x'.repeat(1 << 20)), () => undefined)).toBe(false)
    await ready
    expect(sink.write(Buffer.from('y'), () => undefined)).toBe(true)
    await sink.close()
  })
})
