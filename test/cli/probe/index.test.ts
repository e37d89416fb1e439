import { Readable } from 'node:stream'
import { expect, test } from '@jest/globals'
import type { ClientTls } from '../../../src/check/client.ts'
import { type ProbeArgs, type ProbeDeps, probe } from '../../../src/cli/probe/index.ts'
import { isPlaintext } from '../../../src/cli/probe/target.ts'
import { connectionFault } from '../../../src/cli/probe/verdict.ts'

const ARGS: ProbeArgs = {
  address: '127.0.0.1:9000',
  timeoutMs: 5000,
  waitMs: 0,
  isJson: false,
  isTls: false,
  isPlaintext: false,
}
const text = (stringValue: string) => ({ stringValue })
const told = (code: number, effect: string, reason: string) => ({
  status: { code },
  dynamic_metadata: { fields: { effect: text(effect), reasons: { listValue: { values: [text(reason)] } } } },
})
const GOOD = [told(0, 'allow', 'policy.action.vigil-probe'), told(7, 'deny', 'policy.canary.refused')]
const DOWN = new Error('connect ECONNREFUSED 127.0.0.1:9000')

/** Answers in their order; the last one again and again. */
async function run(args: Partial<ProbeArgs>, answers: readonly unknown[], deps: Partial<ProbeDeps> = {}) {
  const seen = { out: '', err: '', slept: 0, asked: [] as unknown[], opened: [] as unknown[], closed: 0 }
  const left = [...answers]
  const next = () => {
    const answer = left.length > 1 ? left.shift() : left[0]
    return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer as never)
  }
  const io = {
    stdin: Readable.from([]),
    stdout: (line: string) => {
      seen.out += line
    },
    stderr: (line: string) => {
      seen.err += line
    },
  }
  const code = await probe({ ...ARGS, ...args }, io, {
    newId: () => `id-${seen.asked.length}`,
    monotonicMs: () => seen.slept,
    sleep: async (ms) => {
      seen.slept += ms
    },
    openClient: async (address: string, tls: ClientTls | undefined) => {
      seen.opened.push([address, tls === undefined ? 'plaintext' : 'tls'])
      return {
        ask: (request: object) => {
          seen.asked.push(request)
          return next()
        },
        close: () => seen.closed++,
      }
    },
    askHttp: (question) => {
      seen.asked.push(question)
      return next()
    },
    ...deps,
  })
  return { code, ...seen }
}

test('asks both questions over one connection and says that all is well', async () => {
  const { code, out, asked, opened, closed } = await run({}, GOOD)
  expect({ code, asked: asked.length, opened, closed }).toEqual({
    code: 0,
    asked: 2,
    opened: [['127.0.0.1:9000', 'plaintext']],
    closed: 1,
  })
  expect(out).toBe(`127.0.0.1:9000 (plaintext)
  ok    allowed: passed, as it must (policy.action.vigil-probe)
  ok    denied: refused with 403, as it must be (policy.canary.refused)
Vigil answers as it must.
`)
})

test('one wrong answer is enough for exit code 1, and says what to do', async () => {
  const { code, out } = await run({}, [GOOD[0], GOOD[0]])
  expect(code).toBe(1)
  expect(out).toContain('FAIL  denied: passed (allow')
  expect(out).toContain('\nVigil does not answer as it must.\n')
})

test('without an answer the second question is not asked', async () => {
  const { code, out, asked } = await run({}, [DOWN])
  expect([code, asked.length]).toEqual([1, 1])
  expect(out).toContain('no answer: connect ECONNREFUSED')
  expect(out).toContain('Nothing listens there')
})

test('a client that cannot be opened (a key that is none) is an answer, too', async () => {
  const openClient = () => Promise.reject(new Error('PEM routines: no start line'))
  const { code, out } = await run({}, GOOD, { openClient })
  expect(code).toBe(1)
  expect(out).toContain('no answer: PEM routines')
})

test('--wait asks again each second until all is well, and not for ever', async () => {
  expect(await run({ waitMs: 10_000 }, [DOWN, DOWN, ...GOOD])).toMatchObject({ code: 0, slept: 2000 })
  expect(await run({ waitMs: 3000 }, [DOWN])).toMatchObject({ code: 1, slept: 3000 })
})

test('--json tells the same to programs', async () => {
  const { out } = await run({ isJson: true }, GOOD)
  expect(JSON.parse(out)).toMatchObject({
    ok: true,
    target: '127.0.0.1:9000',
    tls: 'none',
    results: [
      { name: 'allowed', ok: true, status: 200 },
      { name: 'denied', ok: true, status: 403 },
    ],
  })
})

test('an attachment is asked for its canary', async () => {
  const body = JSON.stringify({ type: 'x:canary', title: 'Canary refused by Vigil', instance: 'urn:uuid:1' })
  const attachment = new URL('https://api.example.com/v1')
  const { code, out, asked } = await run({ attachment, host: 'h' }, [{ status: 403, headers: {}, body }])
  expect(code).toBe(0)
  expect(asked).toMatchObject([
    { url: { href: 'https://api.example.com/v1/.well-known/vigil-canary' }, host: 'h' },
  ])
  expect(out).toMatch(/^https:.*canary \(TLS\)\n {2}ok {4}attachment: refused with 403 by Vigil/)
  const reached = await run({ attachment }, [{ status: 200, headers: {}, body: '' }])
  expect(reached.code).toBe(1)
  expect(reached.out).toContain('NOT PROTECTED')
  expect((await run({ attachment }, [DOWN])).out).toContain('no answer: connect ECONNREFUSED')
})

test('what the other side says cannot steer the terminal', async () => {
  const location = 'https://x/\u001b[2J\u202e'
  const attachment = new URL('http://127.0.0.1/')
  const { out } = await run({ attachment }, [{ status: 302, headers: { location }, body: '' }])
  expect(out).toContain('\\u{1b}[2J\\u{202e}')
})

test('a file that cannot be read is wrong usage', async () => {
  const { code, err } = await run({ ca: '/nowhere/ca.crt' }, GOOD)
  expect([code, err]).toEqual([2, 'vigil: --ca /nowhere/ca.crt: there is no such file\n'])
})

test.each<[string, Partial<ProbeArgs>, boolean]>([
  ['127.0.0.1:9000', {}, true],
  ['localhost:9000', {}, true],
  ['[::1]:9000', {}, true],
  ['unix:/run/vigil.sock', {}, true],
  ['127.0.0.1:9000', { isTls: true }, false],
  ['127.0.0.1:9000', { ca: 'ca.crt' }, false],
  ['127.0.0.1:9000', { serverName: 'vigil' }, false],
  ['vigil:9000', {}, false],
  ['127.0.0.1.example.com:9000', {}, false],
  ['localhost.example.com:9000', {}, false],
  ['10.0.0.1:9000', {}, false],
  ['vigil:9000', { isPlaintext: true }, true],
])('%s with %j is asked in plaintext: %s', (address, args, expected) => {
  expect(isPlaintext(address, { ...ARGS, ...args })).toBe(expected)
})

test.each([
  ['getaddrinfo ENOTFOUND vigil', /DNS/],
  ['Name resolution failed for target dns:vigil:9000', /DNS/],
  ['connect ECONNREFUSED 127.0.0.1:9000', /Nothing listens/],
  ["Hostname/IP does not match certificate's altnames: Host: a.", /--server-name/],
  ['ssl/tls alert certificate required, SSL alert number 116', /--cert and --key/],
  ['unable to verify the first certificate', /--ca/],
  ['self-signed certificate in certificate chain', /--ca/],
  ['ssl3_get_record:wrong version number', /no TLS/],
  ['read ECONNRESET', /closed at once/],
  ['UNAVAILABLE: Failed to connect', /one side speaks TLS/],
  ['Deadline exceeded', /--timeout/],
  ['UNIMPLEMENTED: The server does not implement the method', /gRPC port/],
  ['something new', /Look at the address/],
])('%s: what to do', (message, fix) => expect(connectionFault(message).fix).toMatch(fix))
