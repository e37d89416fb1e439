import { mkdtempSync, readFileSync, rmSync, unlinkSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import { reloadingCertificates } from '../../src/check/certificates.ts'
import { silentLog } from '../../src/ports.ts'
import { spyLog } from '../support/edge-samples.ts'
import { certificateMaker } from './certs.ts'

const dir = mkdtempSync(join(tmpdir(), 'vigil-certificates-'))
const certs = certificateMaker(dir)
const files = {
  certFile: certs.at('live.crt'),
  keyFile: certs.at('live.key'),
  clientCaFile: certs.at('live-ca.crt'),
}
let tick = 1

beforeAll(() => {
  certs.ca('ca')
  certs.ca('other-ca')
  certs.leaf('one', 'ca', 'DNS:localhost')
  certs.leaf('two', 'ca', 'DNS:localhost')
})
afterAll(() => rmSync(dir, { recursive: true }))
beforeEach(() => {
  put('live.crt', 'one.crt')
  put('live.key', 'one.key')
  put('live-ca.crt', 'ca.crt')
})

/** A copy that looks changed, however coarse the clock of the file system is. */
function put(to: string, from: string): void {
  certs.copy(from, to)
  utimesSync(certs.at(to), tick, tick)
  tick++
}

interface Options {
  readonly cert: readonly Buffer[]
  readonly key: readonly Buffer[]
  readonly ca?: Buffer
}

/** What the TLS server of grpc-js is told, first and after each reload. */
function watch(certificates: ReturnType<typeof reloadingCertificates>) {
  const told: (Options | null)[] = []
  const credentials = certificates.credentials as unknown as {
    _addWatcher(watcher: (options: Options | null) => void): void
  }
  credentials._addWatcher((options) => told.push(options))
  return { told, last: () => told.at(-1) }
}

const nextTick = () => new Promise((resolve) => process.nextTick(resolve))
const isPair = (options: Options | null | undefined, name: string) =>
  options?.cert[0]?.equals(readFileSync(certs.at(`${name}.crt`))) === true &&
  options.key[0]?.equals(readFileSync(certs.at(`${name}.key`))) === true

describe('rotation', () => {
  test('a good pair is swapped in', async () => {
    const certificates = reloadingCertificates(files, silentLog)
    const { last } = watch(certificates)
    await nextTick()
    expect(isPair(last(), 'one')).toBe(true)
    put('live.crt', 'two.crt')
    put('live.key', 'two.key')
    certificates.refresh()
    expect(isPair(last(), 'two')).toBe(true)
  })

  test('a pair that is caught half-way keeps the old one, and the whole one is taken later', async () => {
    const log = spyLog()
    const certificates = reloadingCertificates(files, log)
    const { last, told } = watch(certificates)
    await nextTick()
    const before = told.length
    put('live.crt', 'two.crt')
    certificates.refresh()
    expect(told).toHaveLength(before)
    expect(isPair(last(), 'one')).toBe(true)
    expect(log.lines.join()).toContain('certificate reload failed')
    expect(log.lines.join()).not.toContain('PRIVATE KEY')
    put('live.key', 'two.key')
    certificates.refresh()
    expect(isPair(last(), 'two')).toBe(true)
  })

  test.each([
    ['a missing key', () => unlinkSync(files.keyFile)],
    ['an empty certificate', () => writeFileSync(files.certFile, '')],
    ['an empty CA', () => writeFileSync(files.clientCaFile, '')],
    ['a CA that is none', () => writeFileSync(files.clientCaFile, 'nonsense')],
  ])('%s keeps the old material', async (_what, breakIt) => {
    const log = spyLog()
    const certificates = reloadingCertificates(files, log)
    const { last, told } = watch(certificates)
    await nextTick()
    const before = told.length
    breakIt()
    certificates.refresh()
    expect(told).toHaveLength(before)
    expect(isPair(last(), 'one')).toBe(true)
    expect(log.lines.join()).toContain('certificate reload failed')
  })

  test('another client CA is taken', async () => {
    const certificates = reloadingCertificates(files, silentLog)
    const { last } = watch(certificates)
    await nextTick()
    put('live-ca.crt', 'other-ca.crt')
    certificates.refresh()
    expect(last()?.ca).toEqual(readFileSync(certs.at('other-ca.crt')))
  })

  test('files that have not changed are not read again', async () => {
    const certificates = reloadingCertificates(files, silentLog)
    const { told } = watch(certificates)
    await nextTick()
    const before = told.length
    certificates.refresh()
    expect(told).toHaveLength(before)
  })
})

test('a bad start is an error', () => {
  put('live.crt', 'two.crt')
  expect(() => reloadingCertificates(files, silentLog)).toThrow()
  expect(() => reloadingCertificates({ ...files, keyFile: certs.at('none') }, silentLog)).toThrow('ENOENT')
})
