import { execFileSync } from 'node:child_process'
import {
  appendFileSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from '@jest/globals'
import { LogFile, type Rotation } from '../../src/audit/log-file.ts'

const root = mkdtempSync(join(tmpdir(), 'vigil-log-file-'))
afterAll(() => rmSync(root, { recursive: true }))

const START_MS = Date.UTC(2026, 10, 27, 18, 29, 31, 123)
const line = (text: string) => Buffer.from(`${text}\n`)

/** A folder of its own and a clock that the test moves. */
function setUp(rotation?: Rotation) {
  const dir = mkdtempSync(join(root, 'case-'))
  const path = join(dir, 'audit.jsonl')
  const warnings: string[] = []
  const clock = { ms: START_MS, nowMs: () => clock.ms }
  const make = () =>
    new LogFile(path, { rotation, clock, warn: (what, reason) => warnings.push(`${what} ${reason}`) })
  return { dir, path, clock, make, warnings, file: make() }
}

const contents = (dir: string) =>
  Object.fromEntries(
    readdirSync(dir)
      .sort()
      .map((name) => [name, readFileSync(join(dir, name), 'utf8')]),
  )

describe('rotation by size', () => {
  test('a file is moved away before it grows too large, with whole lines under both names', async () => {
    const { dir, clock, file } = setUp({ maxBytes: 10, keep: 9 })
    for (const text of ['aaaa', 'bbbb', 'cccc', 'dddd', 'eeee']) {
      await file.append(line(text))
      clock.ms += 1000
    }
    await file.close()
    expect(contents(dir)).toEqual({
      'audit.jsonl': 'eeee\n',
      'audit.jsonl.20261127T182933123Z': 'aaaa\nbbbb\n',
      'audit.jsonl.20261127T182935123Z': 'cccc\ndddd\n',
    })
  })

  test('lines that are longer than the limit stand in a file of their own', async () => {
    const { dir, file } = setUp({ maxBytes: 10, keep: 9 })
    await file.append(line('a'.repeat(30)))
    await file.append(line('b'.repeat(30)))
    await file.close()
    expect(Object.values(contents(dir)).map((text) => text[0])).toEqual(['b', 'a'])
  })

  test('two in one millisecond do not take each other’s name', async () => {
    const { dir, file } = setUp({ maxBytes: 1, keep: 9 })
    for (const text of ['a', 'b', 'c']) await file.append(line(text))
    await file.close()
    expect(contents(dir)).toEqual({
      'audit.jsonl': 'c\n',
      'audit.jsonl.20261127T182931123Z': 'a\n',
      'audit.jsonl.20261127T182931123Z-2': 'b\n',
    })
  })

  test('only so many stay, the newest ones, and what is not ours is left alone', async () => {
    const { dir, clock, file } = setUp({ maxBytes: 1, keep: 2 })
    for (const name of ['audit.jsonl.1', 'audit.jsonl.20200101T000000000Z.gz', 'other.20200101T000000000Z'])
      writeFileSync(join(dir, name), 'not ours')
    for (const text of ['a', 'b', 'c', 'd']) {
      await file.append(line(text))
      clock.ms += 1
    }
    await file.close()
    expect(Object.entries(contents(dir)).filter(([, text]) => text !== 'not ours')).toEqual([
      ['audit.jsonl', 'd\n'],
      ['audit.jsonl.20261127T182931125Z', 'b\n'],
      ['audit.jsonl.20261127T182931126Z', 'c\n'],
    ])
    expect(readdirSync(dir)).toHaveLength(6)
  })

  test('the size counts what stood there before a restart', async () => {
    const { dir, path, file } = setUp({ maxBytes: 10, keep: 9 })
    writeFileSync(path, 'before\n')
    await file.append(line('after'))
    await file.close()
    expect(contents(dir)).toEqual({
      'audit.jsonl': 'after\n',
      'audit.jsonl.20261127T182931123Z': 'before\n',
    })
  })

  test('where it cannot be moved away it grows on, and that is told', async () => {
    const { dir, file, warnings, path, clock } = setUp({ maxBytes: 1, keep: 9 })
    // A name that is too long for the file system stands for any refusal, also when root runs the test.
    const long = new LogFile(join(dir, 'x'.repeat(250)), {
      rotation: { maxBytes: 1, keep: 9 },
      clock,
      warn: (what, reason) => warnings.push(`${what} ${reason}`),
    })
    await long.append(line('a'))
    await long.append(line('b'))
    await Promise.all([long.close(), file.close()])
    expect(readFileSync(join(dir, 'x'.repeat(250)), 'utf8')).toBe('a\nb\n')
    expect(warnings).toEqual(['rotate ENAMETOOLONG'])
    expect(existsSync(path)).toBe(false)
  })
})

describe('rotation by age', () => {
  const DAY = { maxAgeSeconds: 86_400, keep: 9 }

  test('the first record after the time begins a new file', async () => {
    const { dir, clock, file } = setUp(DAY)
    await file.append(line('a'))
    clock.ms += 86_399_999
    await file.append(line('b'))
    clock.ms += 1
    await file.append(line('c'))
    await file.close()
    expect(contents(dir)).toEqual({
      'audit.jsonl': 'c\n',
      'audit.jsonl.20261128T182931123Z': 'a\nb\n',
    })
  })

  test('the age survives a restart', async () => {
    const { dir, path, clock, make } = setUp(DAY)
    writeFileSync(path, 'before\n')
    const { mtimeMs } = statSync(path)
    clock.ms = mtimeMs + 86_399_000
    const young = make()
    await young.append(line('a'))
    await young.close()
    clock.ms = mtimeMs + 86_401_000
    const old = make()
    await old.append(line('b'))
    await old.close()
    expect(Object.values(contents(dir))).toEqual(['b\n', 'before\na\n'])
  })

  test('an empty file is not moved away', async () => {
    const { dir, clock, file } = setUp(DAY)
    await file.open()
    clock.ms += 2 * 86_400_000
    await file.append(line('a'))
    await file.close()
    expect(contents(dir)).toEqual({ 'audit.jsonl': 'a\n' })
  })
})

describe('somebody else rotates', () => {
  test('moved away: what comes next goes to a new file of the old name', async () => {
    const { dir, path, file } = setUp()
    await file.append(line('a'))
    renameSync(path, `${path}.1`)
    await file.append(line('b'))
    await file.close()
    expect(contents(dir)).toEqual({ 'audit.jsonl': 'b\n', 'audit.jsonl.1': 'a\n' })
  })

  test('moved away and made anew by the other: that one is used', async () => {
    const { dir, path, file } = setUp()
    await file.append(line('a'))
    renameSync(path, `${path}.1`)
    writeFileSync(path, '', { mode: 0o640 })
    await file.append(line('b'))
    await file.close()
    expect(contents(dir)).toEqual({ 'audit.jsonl': 'b\n', 'audit.jsonl.1': 'a\n' })
    expect(statSync(path).mode & 0o777).toBe(0o640)
  })

  test('removed: a new one is made', async () => {
    const { dir, path, file } = setUp()
    await file.append(line('a'))
    unlinkSync(path)
    await file.append(line('b'))
    await file.close()
    expect(contents(dir)).toEqual({ 'audit.jsonl': 'b\n' })
    expect(statSync(path).mode & 0o777).toBe(0o600)
  })

  test('copied and cut short: it is written from its start', async () => {
    const { dir, path, file } = setUp({ maxBytes: 4, keep: 9 })
    await file.append(line('aaa'))
    truncateSync(path)
    await file.append(line('bbb'))
    await file.close()
    expect(contents(dir)).toEqual({ 'audit.jsonl': 'bbb\n' })
  })

  test('the folder is gone: the error of the system, and nothing is hidden', async () => {
    const { dir, file } = setUp()
    await file.append(line('a'))
    rmSync(dir, { recursive: true })
    await expect(file.append(line('b'))).rejects.toMatchObject({ code: 'ENOENT' })
  })
})

test('half a line of a process that was killed is not glued to the next one', async () => {
  const { path, make, file } = setUp()
  await file.append(line('{"whole":1}'))
  await file.close()
  appendFileSync(path, '{"hal')
  const next = make()
  await next.append(line('{"whole":2}'))
  await next.close()
  expect(readFileSync(path, 'utf8')).toBe('{"whole":1}\n{"hal\n{"whole":2}\n')
})

test('a pipe is refused: nobody may ever read it', async () => {
  const { path, file } = setUp()
  execFileSync('mkfifo', [path])
  await expect(file.append(line('a'))).rejects.toMatchObject({ code: 'it is a pipe' })
})

test('what is no regular file is written to and never moved', async () => {
  const warnings: string[] = []
  const file = new LogFile('/dev/null', {
    rotation: { maxBytes: 1, keep: 1 },
    clock: { nowMs: () => START_MS },
    warn: (what) => warnings.push(what),
  })
  await file.append(line('a'))
  await file.append(line('b'))
  await file.close()
  expect(statSync('/dev/null').isCharacterDevice()).toBe(true)
  expect(warnings).toEqual([])
})
