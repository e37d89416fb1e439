import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from '@jest/globals'
import { randomInstanceKey, readInstanceKey } from '../../src/config/instance-key.ts'
import { StartError } from '../../src/errors.ts'
import { countedEntropy } from '../harness/app.ts'

const secret = (byte: number) => Buffer.alloc(32, byte).toString('base64url')
const folder = mkdtempSync(join(tmpdir(), 'vigil-key-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
const file = join(folder, 'key.yaml')
const read = (text: string) => {
  writeFileSync(file, text)
  return readInstanceKey(file)
}

test.each([
  ['YAML', `root: ${secret(1)}\ncurrent: ${secret(2)}\n`, {}],
  [
    'JSON, with the key before',
    JSON.stringify({ root: secret(1), current: secret(2), previous: secret(3) }),
    { previous: Buffer.alloc(32, 3) },
  ],
])('%s', async (_what, text, more) => {
  expect(await read(text)).toEqual({ root: Buffer.alloc(32, 1), current: Buffer.alloc(32, 2), ...more })
})

test.each([
  ['no root', `current: ${secret(2)}`, 'wrong: root'],
  ['a short secret', `root: ${secret(1)}\ncurrent: hunter2`, 'wrong: current'],
  ['a misspelt key', `root: ${secret(1)}\ncurrent: ${secret(2)}\nprevius: ${secret(3)}`, 'wrong: the file'],
  ['no YAML', `root: [hunter2`, 'it is not YAML'],
  ['a text', 'hunter2', 'wrong: the file'],
])('%s: the place is named and the content is not', async (_what, text, message) => {
  const error: unknown = await read(text).catch((failure: unknown) => failure)
  expect(error).toBeInstanceOf(StartError)
  expect(String(error)).toContain(message)
  expect(String(error)).not.toMatch(/hunter2|AQEB/)
})

test('without a file the secrets are random and differ', () => {
  const { root, current, previous } = randomInstanceKey(countedEntropy())
  expect([root.length, current.length, root.equals(current), previous]).toEqual([32, 32, false, undefined])
})
