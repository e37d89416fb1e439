import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { discoverSignals } from '../../src/risk/discover.ts'

let root: string
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'vigil-signals-'))
  writeFileSync(join(root, 'package.json'), '{"type":"module"}')
})
afterAll(() => rmSync(root, { recursive: true }))

const source = (members: string) =>
  `export default { id: 'a', summary: '', reasons: { x: 'X.' }, cap: 1, settings: {}, evaluate() {}, ${members} }`

/** Writes the files into a directory of their own and discovers it. */
function discoverAmong(name: string, files: Record<string, string>) {
  const directory = join(root, name)
  mkdirSync(directory)
  for (const [file, text] of Object.entries(files)) writeFileSync(join(directory, file), text)
  return discoverSignals(directory)
}

describe('discovery', () => {
  test('finds the signals of this service in order', async () => {
    const ids = (await discoverSignals()).map((s) => s.id)
    expect(ids).toEqual([
      'address-untrusted',
      'automation',
      'binding',
      'device-mismatch',
      'new-client',
      'new-device',
      'new-network',
      'new-tls',
      'request-rate',
      'token-age',
      'unattested-posture',
      'unusual-time',
      'withheld-fact',
    ])
  })

  test('finds built files and leaves alone what is no signal file', async () => {
    const found = await discoverAmong('built', {
      'a.js': source(''),
      'b-2.js': source("id: 'b-2'"),
      'a.js.map': '{}',
      'a.d.ts': 'throw 1',
      'a.md': '#',
      '.hidden.js': 'throw 1',
      'Upper.js': 'throw 1',
    })
    expect(found.map((s) => s.id)).toEqual(['a', 'b-2'])
  })

  const faults: [string, string, RegExp][] = [
    ['no-default', 'export const x = 1', /no default export/],
    ['other-id', source("id: 'b'"), /"b", not its file name/],
    ['no-evaluate', source('evaluate: 1'), /is no signal/],
    ['no-settings', source('settings: undefined'), /is no signal/],
    ['no-reasons', source('reasons: {}'), /reasons/],
    ['bad-reason', source("reasons: { 'Bad reason': '' }"), /reasons/],
    ['no-cap', source('cap: undefined'), /cap/],
    ['zero-cap', source('cap: 0'), /cap/],
    ['high-cap', source('cap: 8.1'), /cap/],
    ['positive-floor', source('floor: 1'), /floor/],
    ['low-floor', source('floor: -9'), /floor/],
    ['not-a-number', source('floor: NaN'), /floor/],
  ]
  test.each(faults)('%s is a fault of the build that names the file', async (name, text, message) => {
    await expect(discoverAmong(name, { 'a.js': text })).rejects.toThrow(message)
    await expect(discoverSignals(join(root, name))).rejects.toThrow(/a\.js/)
  })
})
