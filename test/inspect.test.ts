import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { afterAll, describe, expect, test } from '@jest/globals'
import { kindOf } from '../src/config/effective.ts'
import { readInstanceKey } from '../src/config/instance-key.ts'
import { checkFiles } from '../src/inspect.ts'
import { countedEntropy, countedIds } from './harness/app.ts'

const folder = mkdtempSync(join(tmpdir(), 'vigil-inspect-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
const write = (name: string, text: string) => {
  writeFileSync(join(folder, name), text)
  return join(folder, name)
}

/** Nothing to warn about. */
const SOUND = `entrypoints: [{ name: gateway, externalOrigins: [https://api.example.com] }]
actions: [{ name: read, match: { methods: [GET] } }]
`

/** `vigil config check FILE…`. */
async function check(files: readonly string[], options: { isQuiet?: boolean; isJson?: boolean } = {}) {
  const told = { out: '', err: '' }
  const io = {
    stdin: Readable.from([]),
    stdout: (text: string) => {
      told.out += text
    },
    stderr: (text: string) => {
      told.err += text
    },
  }
  const clock = { nowMs: () => 0, monotonicMs: () => 0 }
  const args = { files, isQuiet: false, isJson: false, ...options }
  const code = await checkFiles(args, io, { clock, entropy: countedEntropy(), newId: countedIds() })
  return { code, ...told }
}

test('a good file is shown with every default, those of the signals too, and with the default table', async () => {
  const { code, out, err } = await check([write('v.yaml', `${SOUND}risk: { prior: 0.02 }\n`)])
  expect([code, err]).toEqual([0, ''])
  expect(out).toContain('v.yaml: good.')
  for (const line of [
    '  prior: 0.02',
    '    new-device:',
    '      beta: 2',
    'failure:',
    '# | critical    | step-up',
  ])
    expect(out).toContain(`\n${line}`)
})

test('what it shows can be loaded again, and shows the same', async () => {
  const good = join(import.meta.dirname, 'config/fixtures/good')
  for (const name of readdirSync(good)) {
    const first = await check([join(good, name)])
    const again = await check([write('again.yaml', first.out)])
    expect(again.out.split('\n').slice(1)).toEqual(first.out.split('\n').slice(1))
  }
})

test('several files: every problem of each, in their order, and what is good beside them', async () => {
  const files = [
    write('bad.yaml', 'actoins: []'),
    write('good.yaml', SOUND),
    write('static.yaml', 'server: { listn: [] }'),
  ]
  const { code, out, err } = await check(files)
  expect(code).toBe(1)
  expect(err.split('\n').filter((line) => line.startsWith(folder))).toEqual([
    `${files[0]}:1:1: unknown key actoins; did you mean "actions"?`,
    `${files[2]}:1:11: unknown key server.listn; did you mean "listen"?`,
  ])
  expect(err).toContain('2 problems')
  expect(out).toContain('good.yaml: good.')
})

test('both kinds together are held against each other', async () => {
  const dynamic = write('peer.yaml', 'entrypoints:\n  - { name: edge, peerVerified: true }\n')
  const [open, acknowledged] = [
    write('open.yaml', 'server: {}'),
    write('acknowledged.yaml', 'acknowledge: { unverifiedCaller: true }'),
  ]
  expect((await check([dynamic])).code).toBe(0)
  expect((await check([dynamic, acknowledged])).code).toBe(0)
  for (const files of [
    [dynamic, open],
    [open, dynamic],
  ]) {
    const { code, err } = await check(files, { isQuiet: true })
    expect(code).toBe(1)
    expect(err).toContain(`${dynamic}:2:33: peerVerified believes an Envoy that has not proved who it is`)
  }
})

test.each([
  ['enforcement: { mode: observe }', '1:22'],
  ['enforcement: { tenants: { acme: observe } }', '1:33'],
  ['enforcement: { hosts: { "*.example.com": observe } }', '1:42'],
  ['entrypoints: [{ name: edge, mode: observe }]', '1:35'],
])('%s needs acknowledge.observe in the static file', async (text, place) => {
  const dynamic = write('observe.yaml', `${text}\n`)
  const silent = write('silent.yaml', 'acknowledge: { unverifiedCaller: true }')
  const acknowledged = write('observing.yaml', 'acknowledge: { observe: true }')
  expect((await check([dynamic, acknowledged])).code).toBe(0)
  const { code, err } = await check([dynamic, silent], { isQuiet: true })
  expect(code).toBe(1)
  expect(err).toContain(
    `${dynamic}:${place}: observe lets every request pass, whatever is decided: set acknowledge.observe in the static file, or enforce and try single rules with shadow: true`,
  )
})

test('pseudonyms need keys that stay: without an instance key they would be others after a restart', async () => {
  const dynamic = write(
    'pseudonyms.yaml',
    'audit:\n  sinks:\n    - { kind: stdout, pseudonyms: [subject] }\n    - { kind: stdout, name: b, addresses: pseudonym }\n    - { kind: stdout, name: c, addresses: prefix }\n',
  )
  const [without, given] = [
    write('without.yaml', 'server: {}'),
    write('given.yaml', 'instanceKeyFile: without.yaml'),
  ]
  expect((await check([dynamic, given])).code).toBe(0)
  const { code, err } = await check([dynamic, without], { isQuiet: true })
  expect(code).toBe(1)
  expect(err).toContain(`${dynamic}:3:35: pseudonyms would be others after every restart`)
  expect(err).toContain(`${dynamic}:4:43: pseudonyms would be others after every restart`)
  expect(err).not.toContain(`${dynamic}:5`)
})

test('records to a collector need one that is known', async () => {
  const dynamic = write('collected.yaml', 'audit:\n  sinks:\n    - kind: otlp\n')
  const without = write('nowhere.yaml', 'server: {}')
  const given = write('collector.yaml', 'telemetry: { otlp: { url: http://collector:4318 } }')
  expect((await check([dynamic, given])).code).toBe(0)
  const { code, err } = await check([dynamic, without], { isQuiet: true })
  expect(code).toBe(1)
  expect(err).toContain(`${dynamic}:3:13: no collector is known: give telemetry.otlp in the static file`)
})

test.each([
  ['ftp://collector', 'write a URL, e.g. http://127.0.0.1:4318'],
  ['http://collector:port', 'write a URL, e.g. http://127.0.0.1:4318'],
  ['https://me:secret@collector', 'a URL here cannot carry a user or password; write them into headersFile'],
])('a collector at %s is refused', async (url, message) => {
  const { code, err } = await check([write('odd.yaml', `telemetry: { otlp: { url: "${url}" } }`)], {
    isQuiet: true,
  })
  expect(code).toBe(1)
  expect(err).toContain(message)
})

test('what the YAML library says of a file goes nowhere but into the problems: it may quote secrets', async () => {
  const warned: unknown[] = []
  const onWarning = (warning: unknown) => warned.push(warning)
  process.on('warning', onWarning)
  const file = write('tag.yaml', 'policy:\n  - { name: a, when: !facts.device.attested, effect: deny }\n')
  expect((await check([file])).err).toContain(`${file}:2:22: a condition that begins with !`)
  const key = write('key.yaml', `root: !${'A'.repeat(43)} x\n`)
  await expect(readInstanceKey(key)).rejects.toThrow('wrong: root, current')
  // Warnings are told in the next turn.
  await new Promise((resolve) => void setImmediate(resolve))
  process.off('warning', onWarning)
  expect(warned).toEqual([])
})

test('--json is one object, and nothing else', async () => {
  const file = write('bad.yaml', 'actoins: []')
  const { code, out, err } = await check([file], { isJson: true })
  expect([code, err]).toEqual([1, ''])
  expect(JSON.parse(out)).toEqual({
    ok: false,
    problems: [{ file, line: 1, column: 1, message: 'unknown key actoins; did you mean "actions"?' }],
    warnings: [],
  })
  const sound = write('sound.yaml', `${SOUND}policy: [{ name: a, when: true, effect: deny }]\n`)
  expect(JSON.parse((await check([sound], { isJson: true })).out)).toEqual({
    ok: true,
    problems: [],
    warnings: [],
  })
  const bare = write('bare.yaml', `${SOUND.split('\n')[0]}\n`)
  const warned = await check([bare], { isJson: true })
  expect([warned.code, JSON.parse(warned.out).warnings]).toEqual([
    0,
    [
      {
        file: bare,
        line: 1,
        column: 1,
        message: 'no actions: every request stands for the action "unknown" and is refused',
      },
    ],
  ])
})

describe('which of the two a file is', () => {
  test.each([
    ['server: {}', 'static'],
    ['{}', 'dynamic'],
    ['policy: []', 'dynamic'],
    ['sevrer: {}', 'static'],
    ['polcy: []', 'dynamic'],
    ['risk: {}\nserver: {}', 'static'],
    ['server: {}\nrisk: {}\nactions: []', 'dynamic'],
    ['server: {}\nrisk: {}\nstore: {}', 'static'],
    ['[', 'dynamic'],
    ['3', 'dynamic'],
  ])('%j is %s', async (text, kind) => {
    expect(await kindOf(write('any.yaml', text))).toBe(kind)
  })

  test('as many keys of both: its name tells', async () => {
    expect(await kindOf(write('vigil.yaml', 'server: {}\nrisk: {}'))).toBe('dynamic')
    expect(await kindOf(write('static.yaml', 'server: {}\nrisk: {}'))).toBe('static')
  })
})
