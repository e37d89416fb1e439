import { Readable } from 'node:stream'
import { expect, test } from '@jest/globals'
import { type Commands, run } from '../../src/cli/run.ts'

async function call(...argv: string[]) {
  const told = { out: '', err: '', called: [] as unknown[] }
  const note = (name: string) => (args: unknown) => {
    told.called.push([name, args])
    return Promise.resolve(0)
  }
  const commands: Commands = {
    serve: note('serve'),
    check: note('check'),
    decide: note('decide'),
    explain: note('explain'),
    report: note('report'),
  }
  const code = await run(argv, commands, {
    stdin: Readable.from([]),
    stdout: (text) => {
      told.out += text
    },
    stderr: (text) => {
      told.err += text
    },
  })
  return { code, ...told }
}

test.each([
  [
    ['serve', '--config', 'v.yaml'],
    ['serve', { config: 'v.yaml' }],
  ],
  [
    ['serve', '--static', 's.yaml', '--config', 'v.yaml'],
    ['serve', { config: 'v.yaml', fixed: 's.yaml' }],
  ],
  [
    ['config', 'check', 'a', 'b', '--quiet'],
    ['check', { files: ['a', 'b'], isQuiet: true, isJson: false }],
  ],
  [
    ['decide', '--config', 'v.yaml'],
    ['decide', { config: 'v.yaml', input: '-' }],
  ],
  [
    ['decide', '--config', 'v.yaml', 'lines'],
    ['decide', { config: 'v.yaml', input: 'lines' }],
  ],
  [
    ['explain', 'a.jsonl'],
    ['explain', { input: 'a.jsonl', id: undefined, isList: false, isJson: false, config: undefined }],
  ],
  [
    ['explain', 'a.jsonl', 'x', '--config', 'v.yaml'],
    ['explain', { input: 'a.jsonl', id: 'x', isList: false, isJson: false, config: 'v.yaml' }],
  ],
  [
    ['explain', '-', 'urn:uuid:1', '--json'],
    ['explain', { input: '-', id: 'urn:uuid:1', isList: false, isJson: true }],
  ],
  [
    ['explain', 'a.jsonl', '--list'],
    ['explain', { input: 'a.jsonl', id: undefined, isList: true, isJson: false }],
  ],
  [
    ['report', '--records', '-'],
    ['report', { records: '-', json: undefined, html: undefined }],
  ],
  [
    ['report', '--records', 'a.jsonl', '--html', 'r.html', '--json', '-'],
    ['report', { records: 'a.jsonl', json: '-', html: 'r.html' }],
  ],
])('%j', async (argv, expected) => {
  expect(await call(...argv)).toMatchObject({ code: 0, called: [expected] })
})

test.each([
  [['sevre'], 'unknown command "sevre"; did you mean "serve"?'],
  [['serve'], 'serve needs --config FILE'],
  [['serve', '--confg', 'x'], 'unknown option --confg; did you mean "--config"?'],
  [['config', 'chekc'], 'did you mean "config check"?'],
  [['config', 'check'], 'config check needs at least one FILE'],
  [['decide', '--config', 'a', 'b', 'c'], 'decide takes one FILE'],
  [['explain'], 'explain needs a FILE of records'],
  [['report'], 'report needs --records FILE'],
  [['report', 'a.jsonl'], 'report takes its file as --records a.jsonl'],
  [['explain', 'a', 'b', 'c'], 'explain takes one FILE and one ID'],
  [['explain', 'a', 'b', '--list'], 'an ID or --list, not both'],
])('%j is wrong usage: exit code 2 and what to do', async (argv, message) => {
  const { code, err, called } = await call(...argv)
  expect({ code, called }).toEqual({ code: 2, called: [] })
  expect(err).toContain(message)
})

test.each([
  [['sevre'], 'Try vigil --help'],
  [['main'], 'Try vigil --help'],
  [['toString'], 'Try vigil --help'],
  [['serve'], 'Try vigil serve --help'],
  [['config', 'chekc'], 'Try vigil config check --help'],
  [['report'], 'Try vigil report --help'],
])('%j names the help that helps', async (argv, expected) => {
  expect((await call(...argv)).err.split('\n')[1]).toBe(expected)
})

test.each([
  [['--help']],
  [['serve', '--help']],
  [['config', 'check', '-h']],
  [['decide', '--help']],
  [['explain', '--help']],
  [['report', '--help']],
  [[]],
])('%j shows help with examples', async (argv) => {
  const { code, out } = await call(...argv)
  expect(code).toBe(0)
  expect(out).toContain('Exit codes')
})
