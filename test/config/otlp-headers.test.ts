import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from '@jest/globals'
import { readOtlpHeaders } from '../../src/config/otlp-headers.ts'

const dir = mkdtempSync(join(tmpdir(), 'vigil-otlp-headers-'))
afterAll(() => rmSync(dir, { recursive: true }))
const file = join(dir, 'headers')
const read = (text: string) => {
  writeFileSync(file, text)
  return readOtlpHeaders(file)
}

test('one a line; empty lines and comments do not count', async () => {
  expect(await read('# token of the collector\nAuthorization: Bearer abc:def \r\n\nx-org:\t7\n')).toEqual({
    authorization: 'Bearer abc:def',
    'x-org': '7',
  })
})

test.each([
  's3cret',
  's3cret\u0000: x',
  'x: s3cret\u0001',
  ': s3cret',
  'x y: s3cret',
  'x:',
])('what is no header is refused by its line, and never shown: %j', async (line) => {
  const refused = read(`a: b\n${line}\n`)
  await expect(refused).rejects.toThrow('write name: value in line 2')
  await expect(refused).rejects.not.toThrow('s3cret')
})

test('a file that is not there', async () => {
  await expect(readOtlpHeaders(join(dir, 'none'))).rejects.toThrow('telemetry.otlp.headersFile')
})
